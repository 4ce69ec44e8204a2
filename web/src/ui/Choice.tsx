// Yes or no (Checkbox in a form that is sent, Switch for what takes effect at
// once) and one of a few that should all be seen (RadioGroup).

import './field.css';
import type { ReactNode } from 'react';
import { Checkbox as Box, type CheckboxProps as BoxProps } from 'react-aria-components/Checkbox';
import { CheckboxGroup as Boxes, type CheckboxGroupProps as BoxesProps } from 'react-aria-components/CheckboxGroup';
import { Radio, RadioGroup as Rounds, type RadioGroupProps as RoundsProps } from 'react-aria-components/RadioGroup';
import { Switch as Rail, type SwitchProps as RailProps } from 'react-aria-components/Switch';
import { type Described, FieldLabel, FieldWords } from './Field';
import { Icon } from './icons';
import type { Option } from './Select';

type Plain<P> = Omit<P, 'children' | 'className' | 'style' | 'isInvalid'>;

export function Checkbox({
    children,
    hint,
    isInvalid,
    ...rest
}: Plain<BoxProps> & { children: ReactNode; hint?: string; isInvalid?: boolean }) {
    return (
        <Box {...rest} isInvalid={isInvalid} className="choice">
            <span className="box">
                <Icon name="check" />
            </span>
            <span>
                {children}
                {hint && <span className="hint">{hint}</span>}
            </span>
        </Box>
    );
}

export function CheckboxGroup({
    label,
    hint,
    error,
    options,
    ...rest
}: Described & Plain<BoxesProps> & { options: Option[] }) {
    return (
        <Boxes {...rest} isInvalid={Boolean(error)} className="field">
            <FieldLabel label={label} />
            {options.map((option) => (
                <Checkbox key={option.id} value={option.id} hint={option.hint} isDisabled={option.isDisabled}>
                    {option.name}
                </Checkbox>
            ))}
            <FieldWords label={label} hint={hint} error={error} />
        </Boxes>
    );
}

export function RadioGroup({
    label,
    hint,
    error,
    options,
    ...rest
}: Described & Plain<RoundsProps> & { options: Option[] }) {
    return (
        <Rounds {...rest} isInvalid={Boolean(error)} className="field">
            <FieldLabel label={label} />
            {options.map((option) => (
                <Radio key={option.id} value={option.id} isDisabled={option.isDisabled} className="choice">
                    <span className="box round" />
                    <span>
                        {option.name}
                        {option.hint && <span className="hint">{option.hint}</span>}
                    </span>
                </Radio>
            ))}
            <FieldWords label={label} hint={hint} error={error} />
        </Rounds>
    );
}

export function Switch({ children, hint, ...rest }: Plain<RailProps> & { children: ReactNode; hint?: string }) {
    return (
        <Rail {...rest} className="choice">
            <span className="rail" />
            <span>
                {children}
                {hint && <span className="hint">{hint}</span>}
            </span>
        </Rail>
    );
}
