// Forms: react-hook-form keeps what is typed, zod says what is wrong, and what
// the server refuses stands above the button. Nothing typed is lost by an error.

import type { ReactNode } from 'react';
import { type Control, Controller, type FieldPath, type FieldValues } from 'react-hook-form';
import { PasswordField, TextField, type TextFieldProps } from './Field';
import { ProblemView } from './ProblemView';

interface FormProps {
    onSubmit(): void;
    children: ReactNode;
    actions: ReactNode;
    /** What the server answered, if it refused. */
    error?: unknown;
    label?: string;
}

export function Form({ onSubmit, children, actions, error, label }: FormProps) {
    return (
        <form
            className="form"
            noValidate
            aria-label={label}
            onSubmit={(event) => {
                event.preventDefault();
                onSubmit();
            }}
        >
            {children}
            {Boolean(error) && <ProblemView error={error} />}
            <div className="form-actions">{actions}</div>
        </form>
    );
}

type TextInFormProps<Values extends FieldValues> = Omit<TextFieldProps, 'name' | 'value' | 'onChange' | 'error'> & {
    control: Control<Values>;
    name: FieldPath<Values>;
    isPassword?: boolean;
};

export function TextInForm<Values extends FieldValues>({
    control,
    name,
    isPassword,
    ...rest
}: TextInFormProps<Values>) {
    const Shown = isPassword ? PasswordField : TextField;
    return (
        <Controller
            control={control}
            name={name}
            render={({ field: { ref, ...field }, fieldState }) => (
                <Shown {...rest} {...field} inputRef={ref} error={fieldState.error?.message} />
            )}
        />
    );
}
