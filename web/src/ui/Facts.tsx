// What is known about one thing, as pairs of a name and its value.

import './facts.css';
import type { ReactNode } from 'react';

/** What has no value is left out. */
export function Facts({ rows }: { rows: [string, ReactNode][] }) {
    return (
        <dl className="facts">
            {rows
                .filter(([, value]) => value !== undefined && value !== null && value !== false && value !== '')
                .map(([name, value]) => (
                    <div key={name}>
                        <dt>{name}</dt>
                        <dd>{value}</dd>
                    </div>
                ))}
        </dl>
    );
}
