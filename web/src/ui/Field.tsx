// Text that a person types. Every field has a name that stays, a hint where it
// helps, and an error that says what to do. `error` comes from the form
// (zod) or from the server's answer.

import './field.css';
import { type ReactNode, type Ref, useState } from 'react';
import { FieldError } from 'react-aria-components/FieldError';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { Text } from 'react-aria-components/Text';
import { TextArea } from 'react-aria-components/TextArea';
import { TextField as Field, type TextFieldProps as FieldProps } from 'react-aria-components/TextField';
import { useTranslation } from 'react-i18next';
import { IconButton } from './Button';
import { Icon } from './icons';

export interface Described {
    label: string;
    hint?: ReactNode;
    error?: string;
    optional?: boolean;
}

export type TextFieldProps = Described &
    Omit<FieldProps, 'children' | 'className' | 'style' | 'isInvalid'> & {
        lines?: boolean;
        placeholder?: string;
        inputRef?: Ref<HTMLInputElement>;
    };

export function FieldLabel({ label, optional }: Described) {
    const { t } = useTranslation('ui');
    return (
        <Label className="label">
            {label} {optional && <span className="optional">({t('optional')})</span>}
        </Label>
    );
}

/** The hint and the error, each tied to the field for a screen reader. */
export function FieldWords({ hint, error }: Described) {
    return (
        <>
            {hint && (
                <Text slot="description" className="hint">
                    {hint}
                </Text>
            )}
            {error && (
                <FieldError className="field-error">
                    <Icon name="error" />
                    <span>{error}</span>
                </FieldError>
            )}
        </>
    );
}

export function TextField(props: TextFieldProps) {
    const { label, hint, error, optional, lines, placeholder, inputRef, ...rest } = props;
    return (
        <Field {...rest} isInvalid={Boolean(error)} className="field">
            <FieldLabel label={label} optional={optional} />
            {lines ? (
                <TextArea className="input" placeholder={placeholder} />
            ) : (
                <Input className="input" ref={inputRef} placeholder={placeholder} />
            )}
            <FieldWords label={label} hint={hint} error={error} />
        </Field>
    );
}

/** A password, which may be shown: easier to get right, on one's own screen. */
export function PasswordField(props: Omit<TextFieldProps, 'lines' | 'type'>) {
    const { label, hint, error, optional, placeholder, inputRef, ...rest } = props;
    const { t } = useTranslation('ui');
    const [shown, setShown] = useState(false);
    return (
        <Field {...rest} type={shown ? 'text' : 'password'} isInvalid={Boolean(error)} className="field">
            <FieldLabel label={label} optional={optional} />
            <div className="inputs">
                <Input
                    className="input"
                    ref={inputRef}
                    placeholder={placeholder}
                    autoCapitalize="none"
                    spellCheck={false}
                />
                <IconButton
                    icon={shown ? 'eyeOff' : 'eye'}
                    label={shown ? t('hidePassword') : t('showPassword')}
                    onPress={() => setShown(!shown)}
                />
            </div>
            <FieldWords label={label} hint={hint} error={error} />
        </Field>
    );
}

/** Six digits from an app. Pasting works, spaces are taken away, and the sixth digit sends. */
export function CodeInput(
    props: Described & {
        value: string;
        onChange(digits: string): void;
        onFull?(digits: string): void;
        autoFocus?: boolean;
        isDisabled?: boolean;
    },
) {
    const { label, hint, error, value, onChange, onFull, autoFocus, isDisabled } = props;
    const take = (typed: string) => {
        const digits = typed.replace(/\D/g, '').slice(0, 6);
        onChange(digits);
        if (digits.length === 6 && digits !== value) onFull?.(digits);
    };
    return (
        <Field
            value={value}
            onChange={take}
            isInvalid={Boolean(error)}
            isDisabled={isDisabled}
            className="field"
            autoFocus={autoFocus}
        >
            <FieldLabel label={label} />
            <Input className="input code-digits" inputMode="numeric" autoComplete="one-time-code" maxLength={11} />
            <FieldWords label={label} hint={hint} error={error} />
        </Field>
    );
}
