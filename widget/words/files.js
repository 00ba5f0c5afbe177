/** Every sentence about files; `{name}` is a place to fill. */
export const FILE_WORDS = {
  tray: 'Files to be sent',
  remove: 'Remove {name}',
  give_up: 'Cancel the upload of {name}',
  uploading: 'Uploading {name}',
  retry: 'Try again',

  too_large: 'Not added: it has {size}, and the largest that can be sent has {most}.',
  too_many: 'Not added: one message takes at most {n} files.',
  picture: 'Not added: pictures of this type can’t be sent here. Try PNG or JPEG.',
  empty: 'Not added: it is empty.',
  unreadable: 'Not added: it could not be read.',
  gone: 'This browser no longer has it. Please choose it again.',
  refused: 'Not sent: {why}',
  refused_plain: 'the server did not accept it',

  open: 'Open {name}',
  download: 'Download',
  loading: 'Loading…',
  coming: 'Coming…',
  broken: 'It could not be loaded. Try again.',

  bytes: '{n} bytes',
  kb: '{n} kB',
  mb: '{n} MB',
};
