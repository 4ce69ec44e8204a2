// Links inside the portal go through the router; those out of it say so.

import './button.css';
import type { ReactNode } from 'react';
import { Link as Anchor } from 'react-aria-components/Link';
import type { ButtonKind } from './Button';
import { Icon, type IconName } from './icons';

export function Link({ href, children }: { href: string; children: ReactNode }) {
    return (
        <Anchor href={href} className="link">
            {children}
        </Anchor>
    );
}

export interface LinkButtonProps {
    href: string;
    kind?: ButtonKind;
    icon?: IconName;
    wide?: boolean;
    children: ReactNode;
}

/** A link that is the page's next step, and looks like it. */
export function LinkButton({ href, kind = 'secondary', icon, wide, children }: LinkButtonProps) {
    return (
        <Anchor href={href} className={`button ${kind}${wide ? ' wide' : ''}`}>
            {icon && <Icon name={icon} />}
            <span>{children}</span>
        </Anchor>
    );
}
