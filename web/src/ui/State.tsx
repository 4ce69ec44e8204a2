// How something is: a word, a shape and a colour, never colour alone.

import './words.css';
import type { ReactNode } from 'react';

/** `good` is as it should be; `going` on by itself; `waiting` for something else;
 *  `act`: a person must; `off`: neither on nor missed. */
export type Condition = 'good' | 'going' | 'waiting' | 'act' | 'off';

const shapes: Record<Condition, ReactNode> = {
    good: <circle cx="6" cy="6" r="4.5" />,
    going: (
        <>
            <circle cx="6" cy="6" r="4.5" />
            <circle cx="6" cy="6" r="1.5" fill="var(--accent)" stroke="none" />
        </>
    ),
    waiting: <circle cx="6" cy="6" r="4.5" strokeDasharray="3 2" />,
    act: <path d="M6 1.5 10.5 6 6 10.5 1.5 6Z" />,
    off: <path d="M2 6h8" />,
};

export function StateLight({ is, children }: { is: Condition; children: ReactNode }) {
    return (
        <span className={`state ${is}`}>
            <svg className="state-shape" viewBox="0 0 12 12" aria-hidden="true">
                {shapes[is]}
            </svg>
            <span>{children}</span>
        </span>
    );
}

export function Badge({ children, accent }: { children: ReactNode; accent?: boolean }) {
    return <span className={accent ? 'badge accent' : 'badge'}>{children}</span>;
}
