"""The search engines that can prove who they are: their word in a user agent, and where their machines have names."""

ENGINES = {
    "googlebot": (".googlebot.com", ".google.com"),
    "bingbot": (".search.msn.com",),
    "applebot": (".applebot.apple.com",),
    "qwantbot": (".qwant.com",),
}
