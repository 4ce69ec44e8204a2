import { useState } from 'react';
import { Button } from '@/ui/Button';
import { ConfirmByName, Dialog } from '@/ui/Dialog';
import { Menu } from '@/ui/Menu';
import { toast } from '@/ui/Toast';

export function Overlays() {
    const [open, setOpen] = useState<'plain' | 'name'>();
    const close = () => setOpen(undefined);
    return (
        <div className="row">
            <Button onPress={() => setOpen('plain')}>Open a dialog</Button>
            <Button onPress={() => setOpen('name')}>Delete by name</Button>
            <Menu
                label="More"
                groups={[
                    {
                        id: 'do',
                        name: 'Do',
                        items: [
                            { id: 'print', name: 'Print', icon: 'list' },
                            { id: 'no', name: 'Not now', isDisabled: true },
                        ],
                    },
                ]}
            >
                More
            </Menu>
            <Button onPress={() => toast('Sent to Region Skåne.', { undo: () => {} })}>Send with undo</Button>
            <Dialog
                isOpen={open === 'plain'}
                onClose={close}
                title="Send to Region Skåne?"
                actions={
                    <>
                        <Button onPress={close}>Cancel</Button>
                        <Button kind="primary" onPress={close}>
                            Send
                        </Button>
                    </>
                }
            >
                <p>312 images of Tolvan Tolvansson.</p>
            </Dialog>
            <ConfirmByName
                isOpen={open === 'name'}
                onClose={close}
                title="Delete the gateway?"
                name="Lund 1"
                action="Delete"
                onConfirm={close}
            >
                <p>It can no longer send or receive. This cannot be undone.</p>
            </ConfirmByName>
        </div>
    );
}
