import { Component, type ReactNode } from 'react';
import type { SlackBlock } from '../../slack/control.ts';
import { Drawn } from './drawn.tsx';
import { Element } from './element.tsx';
import { isObject, type Json, objects, string, textOf, words } from './read.ts';
import { SlackText } from './slack-text.tsx';
import { useSurface } from './surface.tsx';

/**
 * An app's blocks. What can be pressed, and mrkdwn, is the page's own: slack-blocks-to-jsx has no way to hear of a click
 * and takes escaped characters for markup. The rest is drawn by it.
 */
export function Blocks({ blocks }: { blocks: readonly SlackBlock[] }) {
  return (
    <div className="blocks">
      {blocks.map((block) => (
        <BlockBoundary key={block.block_id} type={block.type}>
          <Block block={block} />
        </BlockBoundary>
      ))}
    </div>
  );
}

function Block({ block }: { block: SlackBlock }) {
  switch (block.type) {
    case 'header':
      return <h3 className="block-header">{words(block['text'])}</h3>;
    case 'actions':
      return (
        <div className="block-actions">
          {objects(block['elements']).map((element, index) => (
            <Element key={string(element['action_id']) ?? index} element={element} blockId={block.block_id} />
          ))}
        </div>
      );
    case 'section':
      return <Section block={block} />;
    case 'input':
      return <Input block={block} />;
    case 'context':
      return <Context elements={objects(block['elements'])} />;
    case 'divider':
      return <hr className="block-divider" />;
    default:
      return <Drawn block={block} />;
  }
}

function Section({ block }: { block: SlackBlock }) {
  const { accessory, text } = block;
  const fields = objects(block['fields']);
  return (
    <div className={`block-section${isObject(accessory) ? ' with-accessory' : ''}`}>
      <div>
        {isObject(text) && <SlackText text={textOf(text)} />}
        {fields.length > 0 && (
          <div className="block-fields">
            {fields.map((field, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: fields have no ids and never move within one rendering.
              <SlackText key={index} text={textOf(field)} />
            ))}
          </div>
        )}
      </div>
      {isObject(accessory) && <Element element={accessory} blockId={block.block_id} />}
    </div>
  );
}

function Context({ elements }: { elements: readonly Json[] }) {
  return (
    <div className="block-context">
      {elements.map((element, index) =>
        element['type'] === 'image' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: as with fields.
          <img key={index} src={string(element['image_url'])} alt={string(element['alt_text'])} />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: as with fields.
          <SlackText key={index} text={textOf(element)} />
        ),
      )}
    </div>
  );
}

function Input({ block }: { block: SlackBlock }) {
  const surface = useSurface();
  const element = block['element'];
  if (!isObject(element)) return null;
  const label = words(block['label']);
  const id = `${surface.id}-${block.block_id}-${string(element['action_id']) ?? ''}`;
  const error = surface.errors[block.block_id];
  const errorId = `${id}-error`;
  return (
    <div className={`block-input${error === undefined ? '' : ' has-error'}`}>
      <label htmlFor={id}>
        {label}
        {block['optional'] === true && <span className="optional"> (optional)</span>}
      </label>
      <Element
        element={element}
        blockId={block.block_id}
        field={{
          id,
          label,
          dispatches: block['dispatch_action'] === true,
          ...(error === undefined ? {} : { errorId }),
        }}
      />
      {error !== undefined && (
        <p className="input-error" id={errorId} role="alert">
          {error}
        </p>
      )}
      {isObject(block['hint']) && <p className="input-hint">{words(block['hint'])}</p>}
    </div>
  );
}

/** One odd block must not take the whole page down. */
class BlockBoundary extends Component<{ type: string; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (this.state.failed)
      return <p className="not-drawn">[{this.props.type}: this block cannot be drawn]</p>;
    return this.props.children;
  }
}
