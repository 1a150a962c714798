import machine as m

if m.reset_cause() != 5:
    m.WDT(timeout=120000)
    try:
        import start
    except:
        pass
