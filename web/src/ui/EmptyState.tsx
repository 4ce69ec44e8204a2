// An empty place teaches: what will be here, how to make it come, one button.

import './words.css';
import type { ReactNode } from 'react';

export function EmptyState({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
    return (
        <div className="empty">
            <h2>{title}</h2>
            <p>{children}</p>
            {action}
        </div>
    );
}
