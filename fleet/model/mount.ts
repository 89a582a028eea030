// What a container of the desired state has mounted, and the content among it that Git declares.

export type Mount = { readonly target: string } & (
  | {
      readonly type: 'volume';
      readonly read_only: boolean;
      /** Key of `DesiredApp.volumes`; null: anonymous. */
      readonly source: string | null;
      readonly nocopy: boolean;
      /** Folder of the volume; Engine API 1.45. */
      readonly subpath?: string;
    }
  | {
      readonly type: 'bind';
      readonly read_only: boolean;
      /** Absolute host path. */
      readonly source: string;
      readonly create_host_path: boolean;
      readonly propagation?: string;
      readonly selinux?: 'z' | 'Z';
      /** What becomes of mounts below it; Engine API 1.44. */
      readonly recursive?: 'enabled' | 'disabled' | 'writable' | 'readonly';
    }
  /** `source`: path below `<state>/volumes/<app>/`; never deleted. `file`: the owner of the device puts it there, no folder is made. */
  | { readonly type: 'data'; readonly read_only: boolean; readonly source: string; readonly file?: true }
  | { readonly type: 'content'; readonly read_only: boolean; readonly content: Content }
  /** `options`: those of mount(8) beyond size and mode, `uid=1000,noexec`. */
  | { readonly type: 'tmpfs'; readonly size?: number; readonly mode?: number; readonly options?: string }
  /** A file tree out of an image; Engine API 1.48. */
  | { readonly type: 'image'; readonly read_only: boolean; readonly source: string; readonly subpath?: string }
);

/**
 * Content that Git declares, materialised on the host and mounted from there: below `<state>/content/<id>`, of kind
 * `secret` below `<runtime>/secrets/<id>`, which is in memory. `id` changes with every byte (and with mode and owner), so
 * a changed file is a changed mount.
 */
export type Content =
  | {
      readonly kind: 'file';
      readonly id: string;
      readonly path: string;
      readonly oid: string;
      readonly mode: '100644' | '100755';
      readonly access?: Access;
    }
  | { readonly kind: 'folder'; readonly id: string; readonly path: string; readonly files: readonly ContentFile[] }
  | {
      readonly kind: 'inline';
      readonly id: string;
      readonly path: string;
      readonly text: string;
      readonly mode: '100644' | '100755';
      readonly access?: Access;
    }
  /** `bytes` in base64. `id` says nothing about them to who does not know the device's salt. */
  | {
      readonly kind: 'secret';
      readonly id: string;
      readonly path: string;
      readonly bytes: string;
      readonly access: Access;
    };

/** Who may read a file in the container; absent where Git's mode and root say all. */
export interface Access {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, `0o440`. */
  readonly mode: number;
}

/** Content at a place that stays when its bytes change: a folder of the content store. */
export interface LiveContent {
  readonly place: string;
  readonly content: Content;
}

/** One file of a folder; `path` is relative to the folder. */
export interface ContentFile {
  readonly path: string;
  readonly oid: string;
  readonly mode: '100644' | '100755';
}
