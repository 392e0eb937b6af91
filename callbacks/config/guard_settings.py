"""How much strangers may send (leads.guard). Requests above a limit are held, or refused."""

from callbacks.config.given import env

# Submissions above a rate are held, or refused above RATE_ADDRESS_REFUSED (leads.guard.rates).
# RATE_NEVER_CALL, RATE_MAIL, RATE_MAILS, RATE_CHANGES and RATE_READINGS limit other things.
RATE_ADDRESS = env.rates("RATE_ADDRESS", default="20/10m, 100/d")
RATE_ADDRESS_NUMBERS = env.rates("RATE_ADDRESS_NUMBERS", default="10/10m, 30/d")
RATE_NUMBER = env.rates("RATE_NUMBER", default="5/10m, 10/d")
RATE_SOURCE = env.rates("RATE_SOURCE", default="300/10m, 3000/d")
RATE_KEYLESS = env.rates("RATE_KEYLESS", default="30/10m, 300/d")
RATE_COUNTRY = env.rates("RATE_COUNTRY", default="60/10m, 300/d")
RATE_NEVER_CALL = env.rates("RATE_NEVER_CALL", default="5/h, 20/d")
RATE_MAIL = env.rates("RATE_MAIL", default="2/h, 4/d")
RATE_MAILS = env.rates("RATE_MAILS", default="300/h, 2000/d")
RATE_CHANGES = env.rates("RATE_CHANGES", default="6/10m, 20/d")
RATE_READINGS = env.rates("RATE_READINGS", default="60/10m, 600/d")
RATE_ADDRESS_REFUSED = env.rates("RATE_ADDRESS_REFUSED", default="100/10m, 1000/d")
# Seconds. A form that is sent sooner after its page was rendered, or without that page, was filled
# in by a robot. 0 switches this off (leads.guard.robots).
LEAST_FILL_TIME = env.float("LEAST_FILL_TIME", default=1.0)
# Requests from these networks, our own servers, are not counted. This machine is exempt by default;
# requests that a proxy on it passed on are counted all the same (leads.guard.rates).
RATES_EXEMPT = env.networks("RATES_EXEMPT", default="127.0.0.0/8, ::1")
