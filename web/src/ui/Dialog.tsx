// A question that stops everything else. Few things deserve one: what can be
// taken back gets a toast with undo instead.

import './dialog.css';
import { type ReactNode, useState } from 'react';
import { Dialog as Box } from 'react-aria-components/Dialog';
import { Heading } from 'react-aria-components/Heading';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { useTranslation } from 'react-i18next';
import { Button } from './Button';
import { TextField } from './Field';

export interface DialogProps {
    isOpen: boolean;
    onClose(): void;
    title: string;
    children: ReactNode;
    /** Buttons, the safest first. */
    actions?: ReactNode;
    wide?: boolean;
    /** For what must be answered: neither Escape nor a click outside ends it. */
    mustAnswer?: boolean;
    isAlert?: boolean;
}

export function Dialog({ isOpen, onClose, title, children, actions, wide, mustAnswer, isAlert }: DialogProps) {
    return (
        <ModalOverlay
            className="veil"
            isOpen={isOpen}
            onOpenChange={(open) => !open && onClose()}
            isDismissable={!mustAnswer}
            isKeyboardDismissDisabled={mustAnswer}
        >
            <Modal className={wide ? 'dialog wide' : 'dialog'}>
                <Box role={isAlert ? 'alertdialog' : 'dialog'}>
                    <Heading slot="title" level={2}>
                        {title}
                    </Heading>
                    {children}
                    {actions && <div className="dialog-end">{actions}</div>}
                </Box>
            </Modal>
        </ModalOverlay>
    );
}

export interface ConfirmByNameProps {
    isOpen: boolean;
    onClose(): void;
    title: string;
    /** What goes, what stays, and that it cannot be undone. */
    children: ReactNode;
    /** The name to type: of the person, organisation or recipient that it is about. */
    name: string;
    /** The word on the button: "Delete", "Send". */
    action: string;
    onConfirm(): void;
    isPending?: boolean;
}

/** For what cannot be undone: one types whose it is, not "OK". */
export function ConfirmByName(props: ConfirmByNameProps) {
    const { isOpen, onClose, title, children, name, action, onConfirm, isPending } = props;
    const { t } = useTranslation('ui');
    const [typed, setTyped] = useState('');
    const fits = sameName(typed, name);
    const close = () => {
        setTyped('');
        onClose();
    };
    return (
        <Dialog
            isOpen={isOpen}
            onClose={close}
            title={title}
            isAlert
            actions={
                <>
                    <Button onPress={close}>{t('cancel')}</Button>
                    <Button kind="danger" isDisabled={!fits} isPending={isPending} onPress={onConfirm}>
                        {action}
                    </Button>
                </>
            }
        >
            {children}
            <TextField label={t('typeName', { name })} value={typed} onChange={setTyped} autoComplete="off" autoFocus />
        </Dialog>
    );
}

/** Case and spaces are not what protects: a different name is. */
export function sameName(typed: string, name: string): boolean {
    const plain = (text: string) => text.normalize('NFC').trim().replace(/\s+/g, ' ').toLocaleLowerCase('sv');
    return plain(typed) === plain(name);
}
