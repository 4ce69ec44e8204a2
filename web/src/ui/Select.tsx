// One of a few (Select), or one of many that is found by typing (ComboBox).

import './field.css';
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components/Button';
import { ComboBox as Finder, type ComboBoxProps as FinderProps } from 'react-aria-components/ComboBox';
import { Input } from 'react-aria-components/Input';
import { ListBox, ListBoxItem } from 'react-aria-components/ListBox';
import { Popover } from 'react-aria-components/Popover';
import { Select as Chooser, type SelectProps as ChooserProps, SelectValue } from 'react-aria-components/Select';
import { Text } from 'react-aria-components/Text';
import { useTranslation } from 'react-i18next';
import { type Described, FieldLabel, FieldWords } from './Field';
import { Icon } from './icons';

export interface Option {
    id: string;
    name: string;
    hint?: string;
    isDisabled?: boolean;
}

function OptionItem({ option }: { option: Option }) {
    return (
        <ListBoxItem id={option.id} textValue={option.name} isDisabled={option.isDisabled} className="option">
            {({ isSelected }) => (
                <>
                    <span className="option-words">
                        <Text slot="label">{option.name}</Text>
                        {option.hint && (
                            <Text slot="description" className="hint">
                                {option.hint}
                            </Text>
                        )}
                    </span>
                    {isSelected && (
                        <span className="chosen">
                            <Icon name="check" />
                        </span>
                    )}
                </>
            )}
        </ListBoxItem>
    );
}

function Options({ options, nothing }: { options?: Option[]; nothing?: ReactNode }) {
    return (
        <Popover className="popover" offset={4}>
            <ListBox
                className="options"
                items={options}
                renderEmptyState={() => <div className="nothing">{nothing}</div>}
            >
                {(option: Option) => <OptionItem option={option} />}
            </ListBox>
        </Popover>
    );
}

export type SelectProps = Described &
    Omit<ChooserProps<Option>, 'children' | 'className' | 'style' | 'isInvalid'> & { options: Option[] };

export function Select({ label, hint, error, optional, options, placeholder, ...rest }: SelectProps) {
    const { t } = useTranslation('ui');
    return (
        <Chooser {...rest} placeholder={placeholder ?? t('choose')} isInvalid={Boolean(error)} className="field">
            <FieldLabel label={label} optional={optional} />
            <Button className="input chooser">
                <SelectValue<Option>>
                    {({ selectedItem, defaultChildren }) => selectedItem?.name ?? defaultChildren}
                </SelectValue>
                <Icon name="chevron" />
            </Button>
            <FieldWords label={label} hint={hint} error={error} />
            <Options options={options} />
        </Chooser>
    );
}

export type ComboBoxProps = Described &
    Omit<FinderProps<Option>, 'children' | 'className' | 'style' | 'isInvalid' | 'defaultItems' | 'items'> & {
        options: Option[];
        /** The server searches: the options come as the person types, and are not sifted here. */
        isSearched?: boolean;
        placeholder?: string;
    };

export function ComboBox(props: ComboBoxProps) {
    const { label, hint, error, optional, options, isSearched, placeholder, ...rest } = props;
    const { t } = useTranslation('ui');
    const items = isSearched ? { items: options } : { defaultItems: options };
    return (
        <Finder
            {...rest}
            {...items}
            allowsEmptyCollection
            menuTrigger="focus"
            isInvalid={Boolean(error)}
            className="field"
        >
            <FieldLabel label={label} optional={optional} />
            <div className="inputs">
                <Input className="input" placeholder={placeholder} />
                <Button className="button icon-only">
                    <Icon name="chevron" />
                </Button>
            </div>
            <FieldWords label={label} hint={hint} error={error} />
            <Options nothing={t('noMatch')} />
        </Finder>
    );
}
