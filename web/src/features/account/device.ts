const BROWSERS: [RegExp, string][] = [
    [/Edg/, 'Edge'],
    [/Firefox/, 'Firefox'],
    [/Chrome|CriOS/, 'Chrome'],
    [/Safari/, 'Safari'],
];
const SYSTEMS = ['iPhone', 'iPad', 'Android', 'Windows', 'Macintosh', 'Linux'];

/** "Firefox, Windows": what a browser calls itself (User-Agent), in few words. */
export function deviceOf(agent: string | null | undefined): string | undefined {
    if (!agent) return undefined;
    const browser = BROWSERS.find(([sign]) => sign.test(agent))?.[1];
    const system = SYSTEMS.find((name) => agent.includes(name));
    return [browser, system].filter(Boolean).join(', ') || agent.slice(0, 60);
}
