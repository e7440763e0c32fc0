"""The unit ids known to Grafana, as in its unit picker (packages/grafana-data, valueFormats)."""

from __future__ import annotations

UNITS = frozenset({
    "accFS2", "accG", "accMS2", "acres", "amp", "amph", "arcmin", "arcsec", "areaF2", "areaM2", "areaMI2", "binBps",
    "binbps", "bits", "bool", "bool_on_off", "bool_yes_no", "Bps", "bps", "bytes", "candela", "celsius", "clockms",
    "clocks", "congm3", "congNm3", "conmgdL", "conmgm3", "conmgNm3", "conmmolL", "conngm3", "conngNm3", "conppb",
    "conμgm3", "conμgNm3", "cpm", "cps", "currencyBGN", "currencyBRL", "currencyBTC", "currencyCHF", "currencyCZK",
    "currencyDKK", "currencyEUR", "currencyGBP", "currencyIDR", "currencyILS", "currencyINR", "currencyISK",
    "currencyJPY", "currencyKRW", "currencymBTC", "currencyMYR", "currencyNOK", "currencyPHP", "currencyPLN",
    "currencyPYG", "currencyRUB", "currencySEK", "currencyTRY", "currencyUAH", "currencyUSD", "currencyUYU",
    "currencyVND", "currencyXPF", "currencyZAR", "currencyμBTC", "d", "dateTimeAsIso", "dateTimeAsIsoNoDateIfToday",
    "dateTimeAsLocal", "dateTimeAsLocalNoDateIfToday", "dateTimeAsSystem", "dateTimeAsUS",
    "dateTimeAsUSNoDateIfToday", "dateTimeFromNow", "dB", "dBm", "decbits", "decbytes", "decgbytes", "deckbytes",
    "decmbytes", "decpbytes", "dectbytes", "degree", "dm3", "dtdhms", "dtdurationms", "dtdurations", "dthms",
    "eflops", "EHs", "epm", "eps", "ev", "fahrenheit", "farad", "ffarad", "flops", "flowcfm", "flowcfs", "flowcms",
    "flowgpm", "flowlpm", "flowmlpm", "forcekN", "forcekNm", "forceN", "forceNm", "gallons", "Gbits", "GBs", "gbytes",
    "gflops", "GHs", "Gibits", "GiBs", "grad", "gwatt", "h", "hectares", "henry", "hertz", "hex", "hex0x", "Hs",
    "humidity", "iops", "joule", "kamp", "kamph", "Kbits", "KBs", "kbytes", "kelvin", "KHs", "Kibits", "KiBs", "kohm",
    "kvolt", "kvoltamp", "kvoltampreact", "kwatt", "kwatth", "kwattm", "lengthft", "lengthin", "lengthkm", "lengthm",
    "lengthmi", "lengthmm", "litre", "litreh", "locale", "lumens", "lux", "m", "m3", "mamp", "mamph", "massg",
    "masskg", "masslb", "massmg", "masst", "Mbits", "MBs", "mbytes", "megwatt", "mflops", "mhenry", "MHs", "Mibits",
    "MiBs", "mlitre", "Mohm", "mohm", "mpm", "mps", "ms", "mvolt", "mwatt", "mwatth", "nfarad", "Nm3", "none", "ns",
    "ohm", "opm", "ops", "Pbits", "PBs", "pbytes", "percent", "percentunit", "pfarad", "pflops", "PHs", "Pibits",
    "PiBs", "pixel", "ppm", "pps", "pressurebar", "pressurehg", "pressurehpa", "pressurekbar", "pressurekpa",
    "pressurembar", "pressurepa", "pressurepsi", "radbq", "radci", "radexpckg", "radgy", "radian", "radmsv",
    "radmsvh", "radr", "radrad", "radrem", "radsv", "radsvh", "radusv", "radusvh", "recpm", "recps", "reqpm", "reqps",
    "rotdegs", "rotghz", "rothz", "rotkhz", "rotmhz", "rotrads", "rotrpm", "rowspm", "rowsps", "rpm", "rps", "s",
    "sci", "short", "sishort", "string", "Tbits", "TBs", "tbytes", "tflops", "THs", "Tibits", "TiBs", "timeticks",
    "velocitykmh", "velocityknot", "velocitymph", "velocityms", "volt", "voltamp", "voltampreact", "watt", "watth",
    "watthperkg", "Wm2", "wpm", "wps", "yflops", "zflops", "µfarad", "µhenry", "µs",
})  # fmt: skip

# Free forms: a suffix, a prefix, a date format, SI and binary prefixes, counts, currencies, booleans.
FREE_FORMS = ("suffix:", "prefix:", "time:", "si:", "count:", "currency:", "bool:", "currency")
