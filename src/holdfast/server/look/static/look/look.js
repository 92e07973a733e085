// Small scripts of all pages. No inline scripts anywhere (Content-Security-Policy).
