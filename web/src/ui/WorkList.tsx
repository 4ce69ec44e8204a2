// Work that comes in and goes out, a row each: whose it is, what, how it is now.
// The whole row is its link; j and k go down and up, Enter opens.

import './worklist.css';
import type { ReactNode } from 'react';
import { useKeys, walkRows } from './keys';
import { Link } from './Link';

export function WorkList({ label, children }: { label: string; children: ReactNode }) {
    const walk = (step: number) => walkRows('.work', '.work-title a', step);
    useKeys({ j: () => walk(1), k: () => walk(-1) });
    return (
        <ul className="work-list" aria-label={label}>
            {children}
        </ul>
    );
}

export interface WorkRowProps {
    href: string;
    title: ReactNode;
    /** What it is, to or from whom. */
    children: ReactNode;
    /** How it is: words, and the line where there is one. */
    state: ReactNode;
    picture?: ReactNode;
}

export function WorkRow({ href, title, children, state, picture }: WorkRowProps) {
    return (
        <li className="work">
            <div className="work-what">
                <span className="work-title">
                    <Link href={href}>{title}</Link>
                </span>
                {children}
            </div>
            <div className="work-state">
                {picture}
                <div>{state}</div>
            </div>
        </li>
    );
}
