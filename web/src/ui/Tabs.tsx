// Views of the same thing. Which one is shown belongs in the URL: pass
// `selected` from the search and put `onSelect` back into it.

import './tabs.css';
import type { ReactNode } from 'react';
import { Tabs as Group, Tab, TabList, TabPanel } from 'react-aria-components/Tabs';

export interface TabsProps {
    label: string;
    tabs: { id: string; name: string; content: ReactNode }[];
    selected?: string;
    onSelect?(id: string): void;
}

export function Tabs({ label, tabs, selected, onSelect }: TabsProps) {
    return (
        <Group selectedKey={selected} onSelectionChange={(key) => onSelect?.(String(key))}>
            <TabList className="tab-list" aria-label={label}>
                {tabs.map((tab) => (
                    <Tab key={tab.id} id={tab.id} className="tab">
                        {tab.name}
                    </Tab>
                ))}
            </TabList>
            {tabs.map((tab) => (
                <TabPanel key={tab.id} id={tab.id} className="tab-panel">
                    {tab.content}
                </TabPanel>
            ))}
        </Group>
    );
}
