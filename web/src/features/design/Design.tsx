// Every component in every state, to look at and to test. Never shipped, so its
// sample words are not translated; the components' own are.

import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { PageHeader } from '@/ui/PageHeader';
import { Tabs } from '@/ui/Tabs';
import { Fields } from './Fields';
import { Messages } from './Messages';
import { Overlays } from './Overlays';
import { Pictures } from './Pictures';
import { Rows } from './Rows';

const route = getRouteApi('/shell/design');

export function Design() {
    const { tab = 'fields' } = route.useSearch();
    const navigate = useNavigate();
    return (
        <>
            <PageHeader
                title="Design"
                lead="Every component in every state, in both languages and themes."
                up={{ href: '/', name: 'Start' }}
            />
            <Tabs
                label="Components"
                selected={tab}
                onSelect={(id) => void navigate({ to: '/design', search: { tab: id }, replace: true })}
                tabs={[
                    { id: 'fields', name: 'Fields and buttons', content: <Fields /> },
                    { id: 'messages', name: 'Messages', content: <Messages /> },
                    { id: 'rows', name: 'Rows', content: <Rows /> },
                    { id: 'pictures', name: 'Pictures', content: <Pictures /> },
                    { id: 'overlays', name: 'Overlays', content: <Overlays /> },
                ]}
            />
        </>
    );
}
