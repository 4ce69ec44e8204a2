// Buttons do something here; links (Link, LinkButton) go somewhere.

import './button.css';
import type { ReactNode } from 'react';
import { Button as Pressable, type ButtonProps as PressableProps } from 'react-aria-components/Button';
import { useTranslation } from 'react-i18next';
import { Icon, type IconName } from './icons';

export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger';

export interface ButtonProps extends Omit<PressableProps, 'children' | 'className' | 'style'> {
    /** One primary button a page; `danger` only for what cannot be undone. */
    kind?: ButtonKind;
    icon?: IconName;
    wide?: boolean;
    children: ReactNode;
}

/** `isPending` keeps the button in place, tells a screen reader, and takes no second press. */
export function Button({ kind = 'secondary', icon, wide, children, ...rest }: ButtonProps) {
    const { t } = useTranslation('ui');
    return (
        <Pressable {...rest} className={`button ${kind}${wide ? ' wide' : ''}`}>
            {({ isPending }) => (
                <>
                    {isPending ? (
                        <span className="working" role="img" aria-label={t('working')}>
                            <i />
                            <i />
                            <i />
                        </span>
                    ) : (
                        icon && <Icon name={icon} />
                    )}
                    <span>{children}</span>
                </>
            )}
        </Pressable>
    );
}

export interface IconButtonProps extends Omit<PressableProps, 'children' | 'className' | 'style' | 'aria-label'> {
    icon: IconName;
    /** What it does: its name for those who do not see it. */
    label: string;
}

export function IconButton({ icon, label, ...rest }: IconButtonProps) {
    return (
        <Pressable {...rest} aria-label={label} className="button icon-only">
            <Icon name={icon} />
        </Pressable>
    );
}
