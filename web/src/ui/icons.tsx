// The icons: 20-pixel line drawings, always beside a word or on a button that has a name.

import type { ReactNode } from 'react';

const drawings = {
    check: <path d="m4.5 10.5 3.5 3.5 7.5-8" />,
    close: <path d="m5 5 10 10M15 5 5 15" />,
    chevron: <path d="m6 8 4 4 4-4" />,
    next: <path d="m8 5 5 5-5 5" />,
    up: <path d="M10 15V5M6 9l4-4 4 4" />,
    down: <path d="M10 5v10M6 11l4 4 4-4" />,
    info: (
        <>
            <circle cx="10" cy="10" r="7.25" />
            <path d="M10 9.25v4M10 6.6v.05" />
        </>
    ),
    success: (
        <>
            <circle cx="10" cy="10" r="7.25" />
            <path d="m6.75 10.25 2.25 2.25 4.25-4.75" />
        </>
    ),
    warning: <path d="M10 3 2.5 16.25h15L10 3ZM10 8.25v3.5M10 13.9v.05" />,
    error: <path d="M6.9 2.75h6.2l4.15 4.15v6.2l-4.15 4.15H6.9L2.75 13.1V6.9L6.9 2.75ZM10 6.5v4.25M10 13.4v.05" />,
    eye: (
        <>
            <path d="M2 10s2.75-5.25 8-5.25S18 10 18 10s-2.75 5.25-8 5.25S2 10 2 10Z" />
            <circle cx="10" cy="10" r="2.25" />
        </>
    ),
    eyeOff: (
        <path d="M4 4l12 12M8.2 5A8.3 8.3 0 0 1 10 4.75C15.25 4.75 18 10 18 10a13 13 0 0 1-2.1 2.7M5.6 6.3A12.6 12.6 0 0 0 2 10s2.75 5.25 8 5.25c1.2 0 2.3-.3 3.2-.7" />
    ),
    copy: (
        <>
            <rect x="7" y="7" width="9.5" height="9.5" rx="1.5" />
            <path d="M4.5 13h-.25A.75.75 0 0 1 3.5 12.25v-8A.75.75 0 0 1 4.25 3.5h8a.75.75 0 0 1 .75.75v.25" />
        </>
    ),
    menu: <path d="M3 5.5h14M3 10h14M3 14.5h14" />,
    person: (
        <>
            <circle cx="10" cy="6.75" r="3.25" />
            <path d="M3.75 17c.6-3.4 3-5.25 6.25-5.25s5.65 1.85 6.25 5.25" />
        </>
    ),
    building: (
        <path d="M4 17V4.5A1.5 1.5 0 0 1 5.5 3h6A1.5 1.5 0 0 1 13 4.5V17M13 8h2a1 1 0 0 1 1 1v8M2.5 17h15M7 6.5h3M7 9.75h3M7 13h3" />
    ),
    key: (
        <>
            <circle cx="6.75" cy="13.25" r="3.5" />
            <path d="m9.25 10.75 7-7M13.5 6.5l2.25 2.25" />
        </>
    ),
    phone: <path d="M6.5 2.5h7a1 1 0 0 1 1 1v13a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1v-13a1 1 0 0 1 1-1ZM9 15h2" />,
    list: <path d="M7 5.5h10M7 10h10M7 14.5h10M3.25 5.5h.05M3.25 10h.05M3.25 14.5h.05" />,
    home: <path d="m2.75 9.5 7.25-6.5 7.25 6.5M4.75 8v9h10.5V8M8 17v-5h4v5" />,
    search: (
        <>
            <circle cx="8.75" cy="8.75" r="5.25" />
            <path d="m12.75 12.75 4.25 4.25" />
        </>
    ),
    out: <path d="M8 3.5H4.5v13H8M12.5 6.5 16 10l-3.5 3.5M16 10H8" />,
    sun: (
        <>
            <circle cx="10" cy="10" r="3.25" />
            <path d="M10 2v1.75M10 16.25V18M2 10h1.75M16.25 10H18M4.35 4.35l1.25 1.25M14.4 14.4l1.25 1.25M15.65 4.35 14.4 5.6M5.6 14.4l-1.25 1.25" />
        </>
    ),
    moon: <path d="M16.5 11.75A6.75 6.75 0 0 1 8.25 3.5a6.75 6.75 0 1 0 8.25 8.25Z" />,
    people: (
        <>
            <circle cx="7.5" cy="7" r="2.75" />
            <path d="M2.25 16.25c.5-2.9 2.5-4.5 5.25-4.5s4.75 1.6 5.25 4.5M12.5 4.6a2.6 2.6 0 0 1 0 4.9M14 12.1c2 .5 3.3 1.9 3.75 4.15" />
        </>
    ),
    gateway: <path d="M3 4h14v4.5H3V4ZM3 11.5h14V16H3v-4.5ZM6 6.25h.05M6 13.75h.05M9 6.25h5M9 13.75h5" />,
    approve: <path d="m2.5 10.5 3.25 3.25 6-7M10 13.25l.75.75 7-8" />,
    inbox: <path d="M3 11.5 5 4h10l2 7.5V16H3v-4.5ZM3 11.5h4l1 2h4l1-2h4" />,
    question: (
        <path d="M3 4.5A1.5 1.5 0 0 1 4.5 3h11A1.5 1.5 0 0 1 17 4.5v8a1.5 1.5 0 0 1-1.5 1.5H10l-4 3.25V14H4.5A1.5 1.5 0 0 1 3 12.5v-8ZM8.2 7a1.8 1.8 0 1 1 2.4 1.7c-.4.15-.6.4-.6.8M10 11.6v.05" />
    ),
    pulse: <path d="M2.5 10.5h3.75l2-5.5 3.5 10 2-4.5h3.75" />,
    dice: <path d="M4 3.5h12v13H4v-13ZM7 7h.05M13 7h.05M10 10h.05M7 13h.05M13 13h.05" />,
    plus: <path d="M10 4v12M4 10h12" />,
    file: <path d="M5 2.75h6.5L15.5 7v10.25H5V2.75ZM11.25 3v4.25h4" />,
    star: <path d="m10 2.75 2.2 4.6 5.05.65-3.7 3.5.95 5-4.5-2.45-4.5 2.45.95-5-3.7-3.5 5.05-.65L10 2.75Z" />,
    starred: (
        <path
            d="m10 2.75 2.2 4.6 5.05.65-3.7 3.5.95 5-4.5-2.45-4.5 2.45.95-5-3.7-3.5 5.05-.65L10 2.75Z"
            fill="currentcolor"
        />
    ),
    send: <path d="m3 10 14-6.5L12.5 17 10 11.5 3 10ZM10 11.5 17 3.5" />,
    basket: <path d="M2.5 8.5h15L16 16.5H4L2.5 8.5ZM6.5 8.5 9 3.5M13.5 8.5 11 3.5M8 11.5v2.5M12 11.5v2.5" />,
    calendar: <path d="M3.5 5h13v11.5h-13V5ZM3.5 8.5h13M7 3v3.5M13 3v3.5" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof drawings;

export function Icon({ name }: { name: IconName }) {
    return (
        <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
            {drawings[name]}
        </svg>
    );
}

/** The product's sign: a bridge. */
export function Mark() {
    return (
        <svg width="28" height="28" viewBox="0 0 32 32" aria-hidden="true" className="mark">
            <rect width="32" height="32" rx="7" fill="var(--accent)" />
            <path
                d="M5 23V11M27 23V11M5 19c6 0 5-6 11-6s5 6 11 6M10.8 23v-5.4M16 23V13M21.2 23v-5.4"
                fill="none"
                stroke="var(--on-accent)"
                strokeWidth="2"
                strokeLinecap="round"
            />
        </svg>
    );
}
