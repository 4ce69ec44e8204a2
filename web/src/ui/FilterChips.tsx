// One of a few filters, all in sight: the one that is pressed holds.

import './words.css';
import { Button } from 'react-aria-components/Button';

export interface FilterChipsProps<Id extends string> {
    label: string;
    chosen: Id;
    options: { id: Id; name: string }[];
    onChoose(id: Id): void;
}

export function FilterChips<Id extends string>({ label, chosen, options, onChoose }: FilterChipsProps<Id>) {
    return (
        <fieldset className="filter-chips" aria-label={label}>
            {options.map(({ id, name }) => (
                <Button key={id} className="filter-chip" aria-pressed={id === chosen} onPress={() => onChoose(id)}>
                    {name}
                </Button>
            ))}
        </fieldset>
    );
}
