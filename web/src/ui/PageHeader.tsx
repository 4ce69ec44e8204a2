// The page's one question, and its title in the browser's tab.

import './words.css';
import { type ReactNode, useEffect } from 'react';
import { Link } from './Link';

export interface PageHeaderProps {
    title: string;
    /** What is true now, in a sentence. */
    lead?: ReactNode;
    up?: { href: string; name: string };
    actions?: ReactNode;
}

export function PageHeader({ title, lead, up, actions }: PageHeaderProps) {
    useTitle(title);
    return (
        <div className="page-header">
            <div>
                {up && (
                    <span className="crumb no-print">
                        <Link href={up.href}>{up.name}</Link>
                    </span>
                )}
                <h1 tabIndex={-1}>{title}</h1>
                {lead && <p className="lead">{lead}</p>}
            </div>
            {actions && <div className="row no-print">{actions}</div>}
        </div>
    );
}

export function useTitle(title: string) {
    useEffect(() => {
        document.title = `${title} – Bildbro`;
    }, [title]);
}
