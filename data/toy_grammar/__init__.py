"""A generator of parallel English-German sentences with a small grammar of both languages."""
