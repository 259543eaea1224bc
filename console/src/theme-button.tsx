import { useEffect, useState } from "preact/hooks";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const KEY = "steer.theme";

function readTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === stored) ?? "auto";
}

/** Changes between the system's, the light and the dark look. */
export function ThemeButton() {
  const [theme, setTheme] = useState(readTheme);
  useEffect(() => {
    localStorage.setItem(KEY, theme);
    if (theme === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
  return (
    <button type="button" onClick={() => setTheme(next)} aria-label={`Look: ${theme}. Change`}>
      {theme === "auto" ? "◐" : theme === "light" ? "○" : "●"} {theme}
    </button>
  );
}
