// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, test } from 'node:test'
import { Store, VidstoreError } from 'vidstore'

const folder = mkdtempSync(join(tmpdir(), 'vidstore-node-'))
after(() => rmSync(folder, { recursive: true }))
let count = 0

/** A test with a store and a session of its own. */
function withStore(name, body) {
  test(name, { timeout: 120000 }, async () => {
    const place = join(folder, `store${++count}`)
    const store = Store.open(place)
    const session = store.system('test')
    try {
      await body({ store, session, place })
    } finally {
      session.close()
      store.close()
    }
  })
}

function fill(value, saved) {
  if (typeof value === 'string' && value.startsWith('$')) return saved[value.slice(1)]
  if (Array.isArray(value) || value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, saved)]))
}

withStore('makes the calls that every binding makes, and gets what every binding gets', async ({ session }) => {
  const steps = JSON.parse(readFileSync(process.env.VIDSTORE_CONFORMANCE, 'utf8'))
  const saved = {}
  assert.ok(steps.length >= 20)
  for (const step of steps) {
    const made = session.call(step.call, fill(step.args, saved))
    if (step.error) {
      await assert.rejects(made, error => error instanceof VidstoreError && error.code === step.error.code &&
        (!step.error.field || error.field === step.error.field), step.note)
      continue
    }
    const result = await made
    if ('value' in step) assert.deepEqual(result, step.value, step.note)
    for (const [field, wanted] of Object.entries(step.expect ?? {}))
      assert.deepEqual(result[field], fill(wanted, saved), step.note)
    if (step.items !== undefined) assert.equal(result.items.length, step.items, step.note)
    for (const [name, field] of Object.entries(step.save ?? {})) saved[name] = result[field]
  }
})

withStore('has a method for every call', async ({ session }) => {
  const job = await session.job.submit({ params: { kind: 'x', season: 'One' } })
  assert.deepEqual(await session.job.get({ id: job.id }), job)
  assert.ok(job.created > 1e15)
  await assert.rejects(session.job.get({ id: '01900000-0000-7000-8000-000000000000' }), { code: 'NOT_FOUND' })
  await assert.rejects(session.job.submit({ params: { kind: '' } }), { code: 'INVALID', field: 'kind' })
  assert.equal(typeof (await session.stats({})), 'object')
})

withStore('lists page after page', async ({ session }) => {
  await Promise.all(Array.from({ length: 7 }, () => session.job.submit({ params: { kind: 'x' } })))
  const seen = new Set()
  for await (const job of session.all('job', { limit: 3 })) seen.add(job.id)
  assert.equal(seen.size, 7)
})

withStore('makes more calls at once than the queue has room for', async ({ session }) => {
  await Promise.all(Array.from({ length: 3000 }, (_, i) => session.job.submit({ params: { kind: `k${i % 7}` } })))
  assert.equal(await session.job.count({}), 3000)
})

withStore('leaves the loop free while calls wait, and cancels them', async ({ session }) => {
  const controller = new AbortController()
  const claim = session.job.claim({ wait_ms: 60000 }, { signal: controller.signal })
  let turns = 0
  const timer = setInterval(() => turns++, 5)
  setTimeout(() => controller.abort(), 200)
  const start = Date.now()
  await assert.rejects(claim, { code: 'CANCELLED' })
  clearInterval(timer)
  assert.ok(turns > 2, `${turns} turns of the loop`)
  assert.ok(Date.now() - start < 5000)
  await assert.rejects(session.job.count({}, { signal: AbortSignal.abort() }), { name: 'AbortError' })
})

withStore('ends what is waited for with the store', async ({ store, session }) => {
  const claim = session.job.claim({ wait_ms: 60000 })
  setImmediate(() => store.close())
  await assert.rejects(claim, { code: 'CANCELLED' })
  await assert.rejects(session.job.count({}), { code: 'MISUSE' })
})

withStore('knows who logs in', async ({ store, session }) => {
  const user = await session.user.create({ params: { username: 'ann', role: 'user' } })
  await session.user.set_password({ id: user.id, password: 'correct horse battery' })
  const hers = await store.login('ann', 'correct horse battery')
  const job = await hers.job.submit({ params: { kind: 'x' } })
  assert.equal(job.user_id, user.id)
  hers.close()
  await assert.rejects(store.login('ann', 'a wrong one'), { code: 'UNAUTHENTICATED' })
  const behalf = store.onBehalf(user.id)
  assert.equal((await behalf.job.get({ id: job.id })).id, job.id)
  behalf.close()
})

withStore('follows changes', async ({ session }) => {
  const controller = new AbortController()
  const seen = []
  const later = (kind, ms) => new Promise(done => setTimeout(done, ms))
    .then(() => session.job.submit({ params: { kind } }))
  const submitted = Promise.all([later('one', 50), later('two', 100)])
  for await (const event of session.watch({ noun: 'job' }, { signal: controller.signal })) {
    seen.push(event.kind)
    if (seen.length === 2) controller.abort()
  }
  await submitted // a change is on the feed before the call that made it is answered
  assert.deepEqual(seen, ['created', 'created'])
})

withStore('ends a watch that waits, from wherever it is closed', async ({ store, session }) => {
  const soon = what => setTimeout(what, 50)
  const closed = session.watch()
  soon(() => closed.close())
  assert.deepEqual(await closed.next(), { value: undefined, done: true })
  closed.close()
  const returned = session.watch()
  const waits = returned.next()
  assert.equal((await returned.return('x')).done, true)
  assert.equal((await waits).done, true)
  const controller = new AbortController()
  const aborted = session.watch(null, { signal: controller.signal })
  soon(() => controller.abort())
  assert.equal((await aborted.next()).done, true)
  assert.equal((await session.watch(null, { signal: AbortSignal.abort() }).next()).done, true)
  assert.throws(() => session.watch({ noun: 'nothing' }), { code: 'INVALID', field: 'noun' })
  const last = session.watch()
  soon(() => store.close())
  assert.equal((await last.next()).done, true)
})

withStore('goes on from a position of a watch that was closed', async ({ session }) => {
  const first = session.watch({ noun: 'job' }, { position: 'start' })
  for (const kind of ['one', 'two']) await session.job.submit({ params: { kind } })
  const event = (await first.next()).value
  first.close()
  const second = session.watch({ noun: 'job' }, { position: first.position })
  const other = (await second.next()).value
  second.close()
  assert.equal(first.position, event.position)
  assert.notEqual(other.id, event.id)
})

/** Chunks of 64 KiB, no two alike, and how many were asked for. */
function chunks(count, broken = false) {
  const made = { count: 0, hash: createHash('sha256') }
  made.stream = new Readable({
    highWaterMark: 1,
    read() {
      if (made.count === count) return broken ? this.destroy(new Error('the line broke')) : this.push(null)
      const chunk = Buffer.alloc(1 << 16, made.count++ % 251)
      made.hash.update(chunk)
      this.push(chunk)
    }
  })
  return made
}

withStore('writes a file from a stream', async ({ session }) => {
  const made = chunks(320)
  const file = await session.upload(made.stream, { name: 'a.bin' })
  assert.equal(file.size, 320 << 16)
  assert.equal(file.sha256, made.hash.digest('hex'))
  assert.deepEqual((await session.file.get({ id: file.id })).sha256, file.sha256)
  assert.equal((await session.upload([], { name: 'empty' })).size, 0)
  assert.equal((await session.upload(new Blob(['web']).stream(), { name: 'web' }, { size: 3 })).size, 3)
  const double = new Transform({ transform: (chunk, encoding, done) => done(null, Buffer.concat([chunk, chunk])) })
  const upload = session.uploadStream({ name: 'twice' })
  await pipeline(Readable.from(['ab', 'cd']), double, upload)
  assert.equal(upload.file.size, 8)
})

withStore('asks a stream for no more than it can write', async ({ session }) => {
  const made = chunks(64)
  const upload = session.uploadStream({ name: 'slow' })
  let most = 0
  const write = upload._write.bind(upload)
  let written = 0
  upload._write = (chunk, encoding, done) => setTimeout(() => {
    most = Math.max(most, made.count - written++)
    write(chunk, encoding, done)
  }, 2)
  await pipeline(made.stream, upload)
  assert.equal(upload.file.size, 64 << 16)
  assert.ok(most <= 8, `${most} chunks were waiting`)
})

withStore('leaves nothing of a stream that does not end well', async ({ store, session }) => {
  await assert.rejects(session.upload(chunks(5, true).stream, { name: 'broken' }), { message: 'the line broke' })
  await assert.rejects(session.upload(chunks(5).stream, { name: 'short' }, { size: 6 << 16 }), VidstoreError)
  const unknown = session.upload(chunks(5).stream, { name: 'x', colour: 'red' })
  await assert.rejects(unknown, { code: 'INVALID', field: 'colour' })
  const endless = chunks(Infinity)
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 50)
  const aborted = session.upload(endless.stream, { name: 'endless' }, { signal: controller.signal })
  await assert.rejects(aborted, { name: 'AbortError' })
  assert.ok(endless.stream.destroyed)
  assert.equal(await session.file.count({}), 0)
  const last = session.upload(chunks(Infinity).stream, { name: 'last' })
  setTimeout(() => store.close(), 50)
  await assert.rejects(last, { code: 'CANCELLED' })
})

withStore('makes calls and follows changes while it writes', async ({ session }) => {
  const uploads = Promise.all([chunks(200), chunks(200)].map(made => session.upload(made.stream, { name: 'x' })))
  const watch = session.watch({ noun: 'file' }, { position: 'start' })
  for (let i = 0; i < 50; i++) {
    await session.job.submit({ params: { kind: 'x' } })
    session.watch().close()
  }
  const files = await uploads
  const seen = [(await watch.next()).value.id, (await watch.next()).value.id]
  assert.deepEqual(seen.sort(), files.map(file => file.id).sort())
  watch.close()
})

withStore('refuses a text that C would cut', async ({ store, session }) => {
  assert.throws(() => store.system('a\0b'), TypeError)
  await assert.rejects(session.call('job.get\0x'), TypeError)
  await assert.rejects(session.job.submit({ params: { kind: 'a\0b' } }), { code: 'INVALID' })
})

test('says what is wrong with a place or an option', () => {
  assert.throws(() => Store.open(join(folder, 'none'), { create: false }), { code: 'NOT_FOUND' })
  assert.throws(() => Store.open(join(folder, 'x'), { colour: 1 }), TypeError)
})

test('a process ends when nothing is waited for, though its store is open', () => {
  const program = join(folder, 'ends.mjs')
  writeFileSync(program, `import { Store } from 'vidstore'
    const session = Store.open(${JSON.stringify(join(folder, 'ends'))}).system('test')
    const job = await session.job.submit({ params: { kind: 'x' } })
    console.log(job.state)`)
  writeFileSync(join(process.cwd(), 'ends.mjs'), readFileSync(program))
  assert.equal(execFileSync(process.execPath, ['ends.mjs'], { timeout: 60000, encoding: 'utf8' }), 'ready\n')
})
