// The roles that every organisation has, and what each gives, as in the hub's
// own list: to say who can help when a permission is missing.

import type { Permission } from '@/api/contract';

export const PERMISSIONS: Permission[] = [
    'find',
    'share',
    'receive',
    'view',
    'download',
    'handle_orders',
    'emergency',
    'register_will',
    'follow_deliveries',
    'manage_organisation',
    'manage_members',
    'manage_gateways',
    'manage_machines',
    'search_audit',
    'review_audit',
    'run_hub',
];

const BUILT_IN: Record<string, Permission[]> = {
    sender: ['find', 'share', 'view', 'follow_deliveries'],
    receiver: ['receive', 'find', 'view', 'download', 'emergency', 'register_will', 'follow_deliveries'],
    order_handler: ['handle_orders', 'find', 'share', 'view'],
    administrator: ['manage_organisation', 'manage_members', 'manage_gateways', 'manage_machines', 'follow_deliveries'],
    auditor: ['search_audit', 'review_audit'],
    operator: ['run_hub'],
};

export function rolesGiving(permission: string): string[] {
    return Object.entries(BUILT_IN)
        .filter(([, gives]) => gives.some((given) => given === permission))
        .map(([role]) => role);
}
