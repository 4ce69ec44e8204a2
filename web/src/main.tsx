// Starts the portal: appearance and language first, then the page of the address.

import './ui/tokens.css';
import './ui/base.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { RouterProvider as LinkRouter } from 'react-aria-components';
import { I18nProvider } from 'react-aria-components/I18nProvider';
import { createRoot } from 'react-dom/client';
import { useTranslation } from 'react-i18next';
import { problemOf } from './api/problem';
import { type Language, LOCALES, startLanguage } from './i18n/language';
import { makeRouter } from './routes';
import { startTheme } from './shell/theme';

const client = new QueryClient({
    defaultOptions: {
        queries: {
            staleTime: 10_000,
            retry: (failures, error) => failures < 2 && problemOf(error).mayRetry,
        },
        mutations: { retry: false },
    },
});
const router = makeRouter(client);

// On a new page the focus goes to its heading, so that a screen reader says it;
// where one comes to type, it is in the field already.
router.subscribe('onRendered', ({ pathChanged, fromLocation }) => {
    if (document.activeElement?.matches('main input')) return;
    if (fromLocation && pathChanged) document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
});

function Portal() {
    const { i18n } = useTranslation();
    return (
        <I18nProvider locale={LOCALES[i18n.language as Language]}>
            <LinkRouter navigate={(href) => void router.navigate({ href })}>
                <QueryClientProvider client={client}>
                    <RouterProvider router={router} />
                </QueryClientProvider>
            </LinkRouter>
        </I18nProvider>
    );
}

startTheme();
await startLanguage();
const place = document.getElementById('portal');
if (!place) throw new Error('index.html has no place for the portal');
createRoot(place).render(
    <StrictMode>
        <Portal />
    </StrictMode>,
);
