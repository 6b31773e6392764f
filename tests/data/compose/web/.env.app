# what the application alone sees
WORKERS=2
LOG_LEVEL=info
GREETING="hello ${LOG_LEVEL}"
