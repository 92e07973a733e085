"""Events that arrive: request → inbox row → digester → lake, exactly once.

front     the HTTP side: Segment's calls, checked and written down before they are acknowledged
"""
