// xen/include/public/io/netif.h and io/ring.h, from the other half's side, and what it may not do.
using System.Buffers.Binary;
using System.Globalization;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Xen;

namespace Troupe.Verification.Simulator;

/// <summary>The other half of a Xen network card, which can misbehave. It reaches what is granted to it and nothing else.</summary>
internal sealed class LyingBackend : ILyingCard
{
    private const int RequestProducer = 0, RequestEvent = 4, ResponseProducer = 8, ResponseEvent = 12, Entries = 64;
    private const int RingSize = 256, ReceiveEntry = 8, TransmitEntry = 12;
    private const int MostStorm = 300;

    private readonly Random _random;
    private readonly LyingXenStore _store;
    private readonly LyingFrontend _frontend;
    private uint _transmitRing, _receiveRing;
    private uint _transmitTaken, _receiveTaken;
    private (ushort Id, ushort Offset, ushort Flags, ushort Status)? _lastReceived;
    private bool _isConnected, _isDead, _isConfused, _losesEvents, _isHealed;

    private LyingBackend(GuardedMemory memory, Random random)
    {
        _random = random;
        _frontend = new(memory);
        _store = new(OnFrontState);
    }

    public IReadOnlyList<Misbehaviour> Kinds { get; } = [.. Enum.GetValues<Misbehaviour>().Where(static kind => kind != Misbehaviour.RegisterGarbage)];

    public bool IsWell { get; private set; }

    // While grants are wanted back and kept, the rings are still there for the other half.
    private bool IsServing => _isConnected && !_isDead && !_isConfused && _frontend.MayWrite(_transmitRing) && _frontend.MayWrite(_receiveRing);

    /// <summary>The card and its driver.</summary>
    public static (ILyingCard Card, DrivenCard Driven) Create(NetworkBench bench, Random random)
    {
        LyingBackend backend = new(bench.Memory, random);
        NetFrontOptions options = new()
        {
            // So few that packets in several buffers are not offered, or enough.
            ReceiveFrameCount = (random.Next(2) == 0 ? 8 : 64) + random.Next(16),
            TransmitFrameCount = 12,
            BatchCount = 12,
            TransmitQueueLength = 8,
            ReceiveBudget = 1 + random.Next(16),
        };
        NetFrontDevice driven = new(backend._frontend, backend._frontend.CreateArena(options.RequiredDmaMemory), options);
        ActorRef<XenStoreMessage> store = bench.System.Spawn(backend._store, new SpawnOptions { Name = "xenstore" });
        ActorRef<NetworkDeviceMessage> driver =
            bench.System.Spawn(() => new NetFrontDriver(driven, store, LyingXenStore.Front), new SpawnOptions { Name = "netfront", OnFailure = FailurePolicy.Restart });
        return (backend, new(driver, driven.ReceiveFrames, driven.TransmitFrames, driven.Batches, () => backend._frontend.Arena!.BytesInQuarantine));
    }

    public void Serve(Action<byte[]> wire)
    {
        if (!IsServing)
            return;
        Span<byte> ring = _frontend.Page(_transmitRing, toWrite: true);
        uint before = _transmitTaken;
        while (_transmitTaken != Read32(ring, RequestProducer))
        {
            Span<byte> entry = ring[(Entries + ((int)(_transmitTaken % RingSize) * TransmitEntry))..];
            uint grant = Read32(entry, 0);
            int offset = Read16(entry, 4);
            int size = Read16(entry, 10);
            if (!_frontend.MayRead(grant) || offset + size > 4096)
                throw new InvariantException($"A frame of {size} octets at {offset} of the page of grant {grant}, which is not given.");
            wire(_frontend.Page(grant, toWrite: false).Slice(offset, size).ToArray());
            Write16(entry, 0, Read16(entry, 8));
            Write16(entry, 2, 0);
            Write32(ring, ResponseProducer, ++_transmitTaken);
        }

        Write32(ring, RequestEvent, _transmitTaken + 1);
        if (_transmitTaken - Read32(ring, ResponseEvent) < _transmitTaken - before)
            Raise();
    }

    public bool TryDeliver(byte[] frame)
    {
        if (!IsServing)
            return false;
        Span<byte> ring = _frontend.Page(_receiveRing, toWrite: true);
        if (!IsOffered(ring))
            return false;
        Span<byte> entry = ring[(Entries + ((int)(_receiveTaken % RingSize) * ReceiveEntry))..];
        uint grant = Read32(entry, 4);
        if (!_frontend.MayWrite(grant))
            throw new InvariantException($"A buffer was offered by grant {grant}, which is not given.");
        int offset = _random.Next(2) * 64;
        frame.CopyTo(_frontend.Page(grant, toWrite: true)[offset..]);
        Respond(Read16(entry, 0), (ushort)offset, 0, (ushort)frame.Length);
        return true;
    }

    public bool Misbehave(Misbehaviour kind)
    {
        if (kind <= Misbehaviour.EventGarbage && !IsServing)
            return false;
        switch (kind)
        {
            case Misbehaviour.IndexAhead or Misbehaviour.IndexBack:
                Claim(kind == Misbehaviour.IndexAhead ? _random.Next(3) == 0 ? _random.Next() : 1 + _random.Next(RingSize) : -1 - _random.Next(RingSize));
                break;
            case Misbehaviour.WrongIdentifier:
                Respond((ushort)_random.Next(65536), 0, 0, 60);
                break;
            case Misbehaviour.NotOffered:
                Respond((ushort)_random.Next(RingSize), 0, 0, (ushort)_random.Next(4097));
                break;
            case Misbehaviour.DuplicateCompletion when _lastReceived is { } last:
                Respond(last.Id, last.Offset, last.Flags, last.Status);
                break;
            case Misbehaviour.WrongLength:
                return TryRespondToNext((ushort)_random.Next(_random.Next(2) == 0 ? 4200 : 65536), 0, (ushort)_random.Next(_random.Next(2) == 0 ? 4200 : 65536));
            case Misbehaviour.HeaderGarbage:
                return TryRespondToNext(0, (ushort)_random.Next(65536), (ushort)_random.Next(1600));
            case Misbehaviour.BufferGarbage:
                _frontend.Scribble(_random);
                break;
            case Misbehaviour.RingGarbage:
                Span<byte> page = _frontend.Page(_random.Next(2) == 0 ? _transmitRing : _receiveRing, toWrite: true);
                for (int times = 1 + _random.Next(32); times > 0; times--)
                    page[_random.Next(_random.Next(2) == 0 ? 16 : page.Length)] = (byte)_random.Next(256);
                _isConfused = true;
                Raise();
                break;
            case Misbehaviour.EventGarbage:
                Write32(_frontend.Page(_receiveRing, toWrite: true), RequestEvent, (uint)_random.Next());
                Write32(_frontend.Page(_transmitRing, toWrite: true), RequestEvent, (uint)_random.Next());
                break;
            case Misbehaviour.ConfigurationChange:
                _store.SetOther(_random.Next(4) switch { 0 => null, 1 => "none", _ => _random.Next(10).ToString(CultureInfo.InvariantCulture) });
                break;
            case Misbehaviour.AsksForReset:
                _store.SetOther("5");
                break;
            case Misbehaviour.Dead:
                _isDead = true;
                break;
            case Misbehaviour.ResetHangs:
                _frontend.IsMapped = true;
                _store.SetOther("5");
                break;
            case Misbehaviour.InterruptStorm:
                for (int times = _random.Next(MostStorm); times > 0; times--)
                    _frontend.Channel.Raise();
                break;
            case Misbehaviour.SpuriousInterrupt:
                _frontend.Channel.Raise();
                break;
            case Misbehaviour.LostInterrupt:
                _losesEvents = true;
                break;
            default:
                return false;
        }

        return true;
    }

    // A network card that says nothing has nobody who waits for it: the other half closes, and can be connected to anew.
    public void Heal()
    {
        (_isHealed, _isDead, _losesEvents, _frontend.IsMapped) = (true, false, false, false);
        _store.SetOther("5");
    }

    // As Linux's netback follows its front.
    private void OnFrontState(string state)
    {
        if (_isDead)
            return;
        switch (state)
        {
            case "1":
                _isConnected = false;
                _store.SetOther("2");
                break;
            case "4":
                (_transmitRing, _receiveRing) = (_store.Number("tx-ring-ref"), _store.Number("rx-ring-ref"));
                (_transmitTaken, _receiveTaken, _lastReceived) = (0, 0, null);
                (_isConnected, _isConfused) = (true, false);
                _losesEvents &= !_isHealed && _random.Next(2) == 0;
                IsWell = _isHealed;
                _store.SetOther("4");
                break;
            case "5" or "6":
                _isConnected = false;
                _store.SetOther(state);
                break;
            default:
                break;
        }
    }

    private bool TryRespondToNext(ushort offset, ushort flags, ushort status)
    {
        Span<byte> ring = _frontend.Page(_receiveRing, toWrite: true);
        if (!IsOffered(ring))
            return false;
        Respond(Read16(ring, Entries + ((int)(_receiveTaken % RingSize) * ReceiveEntry)), offset, flags, status);
        return true;
    }

    // Answers to what was not offered have run ahead of what is, where the driver has not seen them yet.
    private bool IsOffered(ReadOnlySpan<byte> receiveRing) => (int)(Read32(receiveRing, RequestProducer) - _receiveTaken) > 0;

    private void Respond(ushort id, ushort offset, ushort flags, ushort status)
    {
        Span<byte> ring = _frontend.Page(_receiveRing, toWrite: true);
        Span<byte> entry = ring[(Entries + ((int)(_receiveTaken % RingSize) * ReceiveEntry))..];
        Write16(entry, 0, id);
        Write16(entry, 2, offset);
        Write16(entry, 4, flags);
        Write16(entry, 6, status);
        _lastReceived = (id, offset, flags, status);
        Write32(ring, ResponseProducer, ++_receiveTaken);
        if (_receiveTaken - Read32(ring, ResponseEvent) < 1)
            Raise();
    }

    private void Claim(int by)
    {
        bool isReceive = _random.Next(2) == 0;
        Write32(_frontend.Page(isReceive ? _receiveRing : _transmitRing, toWrite: true), ResponseProducer, (isReceive ? _receiveTaken : _transmitTaken) + (uint)by);
        Raise();
    }

    private void Raise()
    {
        if (!_losesEvents)
            _frontend.Channel.Raise();
    }

    private static ushort Read16(ReadOnlySpan<byte> page, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(page[offset..]);

    private static uint Read32(ReadOnlySpan<byte> page, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(page[offset..]);

    private static void Write16(Span<byte> page, int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(page[offset..], value);

    private static void Write32(Span<byte> page, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(page[offset..], value);
}
