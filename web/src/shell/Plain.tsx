// The frame of pages outside the shell: the product's name, language and appearance.

import './shell.css';
import { Outlet } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorBoundary } from '@/ui/ErrorBoundary';
import { Mark } from '@/ui/icons';
import { Preferences } from './Preferences';

export function Plain({ children, wide }: { children?: ReactNode; wide?: boolean }) {
    const { t } = useTranslation('shell');
    return (
        <div className="plain">
            <header className="plain-top">
                <span className="brand">
                    <Mark />
                    <span className="brand-name">{t('product')}</span>
                </span>
                <Preferences />
            </header>
            <main id="content" className={wide ? 'wide' : undefined}>
                <ErrorBoundary>{children ?? <Outlet />}</ErrorBoundary>
            </main>
        </div>
    );
}
