//! The browser and the system that a request's `User-Agent` names, in a few words. A small table:
//! what it does not know is not guessed. Browsers no longer say which Windows, macOS or Android it
//! is (they freeze that part), so no version of a system is told.

/// Longest `User-Agent` that is read, in characters; browsers stay far below.
pub const USER_AGENT_CHARS_MAX: usize = 500;
/// Digits of a version that can be one.
const VERSION_DIGITS_MAX: usize = 4;

/// A customer's browser and system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The browser and its main version: `Firefox 139`.
    pub browser: Option<String>,
    /// The system: `Windows`.
    pub system: Option<String>,
}

/// What stands in a `User-Agent` before the version, and the browser that it is. The first one counts:
/// nearly every browser calls itself Chrome and Safari too.
const BROWSERS: [(&str, &str); 15] = [
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex Browser"),
    ("Vivaldi/", "Vivaldi"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
];

/// What a `User-Agent` says of the system. The first one counts.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPad", "iPadOS"),
    ("iPhone", "iOS"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("Linux", "Linux"),
];

impl Device {
    /// Reads the header; what is too long to be a browser's is nothing.
    pub fn of(user_agent: &str) -> Device {
        if user_agent.len() > USER_AGENT_CHARS_MAX {
            return Device::default();
        }
        let version = |mark: &str| {
            let (_, after) = user_agent.split_once(mark)?;
            let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
            (!digits.is_empty() && digits.len() <= VERSION_DIGITS_MAX).then_some(digits)
        };
        let browser = BROWSERS.iter().find_map(|(mark, name)| Some(format!("{name} {}", version(mark)?)));
        let system = SYSTEMS.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| name.to_string());
        Device { browser, system }
    }

    /// `Firefox 139 on Windows`, or what is known of it.
    pub fn words(&self) -> Option<String> {
        match (&self.browser, &self.system) {
            (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart() {
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit";
        for (user_agent, words) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/139.0",
                "Firefox 139 on Windows",
            ),
            (&format!("{mac}/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36"), "Chrome 137 on macOS"),
            (&format!("{mac}/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"), "Safari 18 on macOS"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36 Edg/137.0.3296.52",
                "Edge 137 on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari 18 on iOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/137.0.7151.51 Mobile/15E148 Safari/604.1",
                "Chrome 137 on iOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet 28 on Android",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36",
                "Chrome 137 on ChromeOS",
            ),
            ("curl/8.5.0 (x86_64-pc-linux-gnu) Linux", "Linux"),
        ] {
            assert_eq!(Device::of(user_agent).words().as_deref(), Some(words), "{user_agent}");
        }
    }

    #[test]
    fn what_is_no_browser_says_nothing() {
        let long = format!("Firefox/139 {}", "x".repeat(500));
        for user_agent in ["", "curl/8.5.0", "Firefox/", "Firefox/<b>", "Chrome/99999999", &long] {
            assert_eq!(Device::of(user_agent), Device::default(), "{user_agent}");
        }
    }
}
