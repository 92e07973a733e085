"""What all pages share: the frame (navigation, title, footer), styles, small scripts, and template tags.

frame     what every template knows: business, navigation, who is signed in
"""
