// A button that opens a list of things to do or places to go.

import './field.css';
import './button.css';
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components/Button';
import { Header } from 'react-aria-components/Header';
import { Menu as List, MenuItem, MenuSection, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { Text } from 'react-aria-components/Text';
import { Icon, type IconName } from './icons';

export interface MenuAction {
    id: string;
    name: string;
    hint?: string;
    icon?: IconName;
    /** A place to go; without it, `onAction` is called with the id. */
    href?: string;
    isChosen?: boolean;
    isDisabled?: boolean;
}

export interface MenuGroup {
    id: string;
    name?: string;
    items: MenuAction[];
}

export interface MenuProps {
    label: string;
    /** What the button shows; its name is `label` when this is no text. */
    children: ReactNode;
    groups: MenuGroup[];
    onAction?(id: string): void;
    className?: string;
}

export function Menu({ label, children, groups, onAction, className = 'button secondary' }: MenuProps) {
    return (
        <MenuTrigger>
            <Button className={className} aria-label={label}>
                {children}
                <Icon name="chevron" />
            </Button>
            <Popover className="popover" offset={4}>
                <List className="options" onAction={(id) => onAction?.(String(id))} aria-label={label}>
                    {groups.map((group) => (
                        <MenuSection key={group.id} aria-label={group.name ?? label}>
                            {group.name && <Header className="options-heading">{group.name}</Header>}
                            {group.items.map((item) => (
                                <MenuItem
                                    key={item.id}
                                    id={item.id}
                                    href={item.href}
                                    isDisabled={item.isDisabled}
                                    textValue={item.name}
                                    className="option"
                                >
                                    {item.icon && <Icon name={item.icon} />}
                                    <span className="option-words">
                                        <Text slot="label">{item.name}</Text>
                                        {item.hint && (
                                            <Text slot="description" className="hint">
                                                {item.hint}
                                            </Text>
                                        )}
                                    </span>
                                    {item.isChosen && <Icon name="check" />}
                                </MenuItem>
                            ))}
                        </MenuSection>
                    ))}
                </List>
            </Popover>
        </MenuTrigger>
    );
}
