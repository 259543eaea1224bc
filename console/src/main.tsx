import { render } from "preact";
import { App } from "./app.tsx";
import "./styles.css";
import "./parts/parts.css";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
