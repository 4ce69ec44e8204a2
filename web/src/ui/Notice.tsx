// Tells what happened and what to do. Red is for what a person must act on.

import './words.css';
import type { ReactNode } from 'react';
import { Icon } from './icons';

export interface NoticeProps {
    kind?: 'info' | 'success' | 'warning' | 'error';
    /** What happened, or is so. */
    title: string;
    /** What Bildbro does about it, and what the person can do. */
    children?: ReactNode;
    actions?: ReactNode;
    /** It came while the page was open: a screen reader says it at once. */
    isNews?: boolean;
}

export function Notice({ kind = 'info', title, children, actions, isNews }: NoticeProps) {
    const role = isNews ? (kind === 'error' ? 'alert' : 'status') : undefined;
    return (
        <div className={`notice ${kind}`} role={role}>
            <Icon name={kind} />
            <div className="notice-words">
                <p className="notice-title">{title}</p>
                {children && <div>{children}</div>}
                {actions && <div className="row">{actions}</div>}
            </div>
        </div>
    );
}
