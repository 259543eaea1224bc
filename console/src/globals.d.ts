/** Version of the service that this page was built with. */
declare const CONSOLE_VERSION: string;

declare module "*.css";
