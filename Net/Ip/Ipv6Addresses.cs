// RFC 4862: the addresses of an interface: a link-local one, those given by hand, and one for each prefix of a router; each is
// asked for before it is ours (5.4), and each has a time after which it is deprecated, and one after which it is gone (5.5).
using System.Buffers.Binary;
using System.Collections.Immutable;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>The addresses of one interface.</summary>
public sealed class Ipv6Addresses
{
    // RFC 7217 6, IDGEN_RETRIES.
    private const int IdentifierRetries = 3;
    // RFC 4862 5.5.3 e: nobody may shorten what is left below this by a forged advertisement.
    private static readonly TimeSpan TwoHours = TimeSpan.FromHours(2);

    private readonly Ipv6Configuration _configuration;
    private readonly LayerCounters _counters;
    private readonly Ipv6Output _output;
    private readonly MulticastListener _groups;
    private readonly IRandomness _randomness;
    private OpaqueInterfaceIdentifier _identifiers;
    private readonly List<Entry> _entries = [];

    /// <summary>An interface without addresses.</summary>
    public Ipv6Addresses(Ipv6Configuration configuration, LayerCounters counters, Ipv6Output output, MulticastListener groups, IRandomness randomness)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(output);
        _configuration = configuration;
        _counters = counters;
        _output = output;
        _groups = groups;
        _randomness = randomness;
        _identifiers = new(output.Link.Address, configuration.InterfaceSecret, randomness);
    }

    /// <summary>RetransTimer of RFC 4862 5.4.</summary>
    public TimeSpan RetransmissionTime { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The link-local address once it is ours; "::" before.</summary>
    public Ipv6Address LinkLocal { get; private set; }

    /// <summary>When <see cref="Expire"/> must be called at the latest; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan NextDeadline { get; private set; } = TimeSpan.MaxValue;

    /// <summary>RFC 7217: from which the identifiers follow.</summary>
    public UInt128 Secret => _identifiers.Secret;

    /// <summary>All addresses, as a hot swap hands them on.</summary>
    public ImmutableArray<Ipv6AddressEntry> Export() => [.. _entries.Select(static entry => new Ipv6AddressEntry(
        entry.Address, entry.PrefixLength, entry.State, entry.IsOpaque, entry.IsAutonomous, entry.ValidUntil, entry.PreferredUntil, entry.ProbesLeft,
        entry.NextProbe, entry.Collisions))];

    /// <summary>Takes over the addresses of a predecessor, whose groups are joined already.</summary>
    public void Import(ImmutableArray<Ipv6AddressEntry> addresses, UInt128 secret, TimeSpan now)
    {
        _identifiers = new(_output.Link.Address, secret, _randomness);
        foreach (Ipv6AddressEntry held in addresses)
        {
            _entries.Add(new()
            {
                Address = held.Address,
                PrefixLength = held.PrefixLength,
                State = held.State,
                IsOpaque = held.IsOpaque,
                IsAutonomous = held.IsAutonomous,
                ValidUntil = held.ValidUntil,
                PreferredUntil = held.PreferredUntil,
                ProbesLeft = held.ProbesLeft,
                NextProbe = held.NextProbe,
                Collisions = held.Collisions,
            });
            if (held.Address.IsLinkLocal && LinkLocal.IsAny && IsAssigned(held.Address))
                _groups.Source = LinkLocal = held.Address;
        }

        _changed = true;
        Plan(now);
    }

    /// <summary>Whether what <see cref="Assigned"/> gives changed since this was read last.</summary>
    public bool TakeChange()
    {
        bool changed = _changed;
        _changed = false;
        return changed;
    }

    /// <summary>Makes the link-local address and those given by hand; the first question waits a while that is drawn.</summary>
    public void Start(TimeSpan now)
    {
        Add(new() { Address = _identifiers.AddressIn(new(0xFE80UL << 48, 0), 0), PrefixLength = 64, IsOpaque = true }, now, delayed: true);
        foreach (Ipv6Network given in _configuration.Addresses)
            Add(new() { Address = given.Address, PrefixLength = given.PrefixLength }, now, delayed: true);
    }

    /// <summary>RFC 4862 5.5.3: what a router says of a prefix.</summary>
    public void Add(in PrefixInformation prefix, TimeSpan now)
    {
        if (!prefix.IsAutonomous || prefix.Prefix.IsLinkLocal || prefix.Prefix.IsMulticast || prefix.PreferredSeconds > prefix.ValidSeconds)
            return;
        Ipv6Address network = prefix.Prefix;
        Entry? entry = _entries.Find(entry => entry.IsAutonomous && entry.Address.High == network.High);
        TimeSpan valid = Seconds(prefix.ValidSeconds);
        TimeSpan preferred = Seconds(prefix.PreferredSeconds);
        if (entry is not null)
        {
            TimeSpan left = entry.ValidUntil == TimeSpan.MaxValue ? TimeSpan.MaxValue : entry.ValidUntil - now;
            if (valid > TwoHours || valid > left)
                entry.ValidUntil = Until(now, valid);
            else if (left > TwoHours)
                entry.ValidUntil = now + TwoHours;
            entry.PreferredUntil = Until(now, preferred);
            // Preferred again, perhaps.
            if (entry.State is Ipv6AddressState.Preferred or Ipv6AddressState.Deprecated)
                SetState(entry, now < entry.PreferredUntil ? Ipv6AddressState.Preferred : Ipv6AddressState.Deprecated);
            Plan(now);
            return;
        }

        if (prefix.ValidSeconds == 0)
            return;
        if (prefix.PrefixLength != 64 || _entries.Count >= _configuration.MaximumAddresses)
        {
            _counters.Drop(prefix.PrefixLength != 64 ? DropCause.Malformed : DropCause.TableFull);
            return;
        }

        Add(
            new()
            {
                Address = _identifiers.AddressIn(network, 0),
                PrefixLength = 64,
                IsOpaque = true,
                IsAutonomous = true,
                ValidUntil = Until(now, valid),
                PreferredUntil = Until(now, preferred),
            },
            now, delayed: true);
    }

    /// <summary>The state of an address; false when it is none of this interface.</summary>
    public bool TryGetState(Ipv6Address address, out Ipv6AddressState state)
    {
        foreach (Entry entry in _entries)
        {
            if (entry.Address == address)
            {
                state = entry.State;
                return true;
            }
        }

        state = default;
        return false;
    }

    /// <summary>Whether an address is ours.</summary>
    public bool IsAssigned(Ipv6Address address) =>
        TryGetState(address, out Ipv6AddressState state) && state is Ipv6AddressState.Preferred or Ipv6AddressState.Deprecated;

    /// <summary>The addresses that are ours.</summary>
    public IEnumerable<LocalAddress> Assigned => _entries
        .Where(static entry => entry.State is Ipv6AddressState.Preferred or Ipv6AddressState.Deprecated)
        .Select(static entry => new LocalAddress(entry.Address, entry.PrefixLength, entry.State == Ipv6AddressState.Deprecated));

    /// <summary>
    /// RFC 4862 5.4.3 and 5.4.4: somebody else wants or has an address. A tentative one is given up, and where it was ours to choose another is
    /// tried; one that is ours already is kept, and the conflict counted.
    /// </summary>
    public void Conflict(Ipv6Address address, TimeSpan now)
    {
        _counters.Drop(DropCause.Conflict);
        if (_entries.Find(entry => entry.Address == address) is not { State: Ipv6AddressState.Tentative } entry)
            return;
        _groups.Leave(address.SolicitedNode, now);
        if (!entry.IsOpaque || entry.Collisions >= IdentifierRetries)
        {
            SetState(entry, Ipv6AddressState.Duplicate);
            Plan(now);
            return;
        }

        _entries.Remove(entry);
        entry.Collisions++;
        entry.Address = _identifiers.AddressIn(address, entry.Collisions);
        Add(entry, now, delayed: true);
    }

    /// <summary>Does what is due: asks, takes addresses, deprecates them, gives them up.</summary>
    public void Expire(TimeSpan now)
    {
        if (now < NextDeadline)
            return;
        for (int index = _entries.Count - 1; index >= 0; index--)
        {
            Entry entry = _entries[index];
            if (entry.State == Ipv6AddressState.Tentative && entry.NextProbe <= now)
                Probe(entry, now);
            if (entry.State == Ipv6AddressState.Preferred && entry.PreferredUntil <= now)
                SetState(entry, Ipv6AddressState.Deprecated);
            if (entry.ValidUntil <= now)
            {
                _entries.RemoveAt(index);
                _groups.Leave(entry.Address.SolicitedNode, now);
                _changed = true;
            }
        }

        Plan(now);
    }

    private bool _changed;

    private void Add(Entry entry, TimeSpan now, bool delayed)
    {
        entry.State = Ipv6AddressState.Tentative;
        entry.ProbesLeft = _configuration.DuplicateAddressProbes;
        // RFC 4862 5.4.2: all that a router's advertisement wakes at once shall not speak at once.
        entry.NextProbe = delayed && entry.ProbesLeft > 0 ? now + _configuration.InitialDelay * Fraction() : now;
        _entries.Add(entry);
        _groups.TryJoin(entry.Address.SolicitedNode, now);
        if (entry.ProbesLeft == 0)
            Probe(entry, now);
        Plan(now);
    }

    private void Probe(Entry entry, TimeSpan now)
    {
        if (entry.ProbesLeft == 0)
        {
            if (entry.Address.IsLinkLocal && LinkLocal.IsAny)
                _groups.Source = LinkLocal = entry.Address;
            SetState(entry, now < entry.PreferredUntil ? Ipv6AddressState.Preferred : Ipv6AddressState.Deprecated);
            return;
        }

        entry.ProbesLeft--;
        entry.NextProbe = now + RetransmissionTime;
        NeighborSolicitation question = new(entry.Address, null);
        Ipv6Address group = entry.Address.SolicitedNode;
        if (!_output.TryBegin(question.Length, out FrameBuffer message))
            return;
        question.Write(message.Data, default, group);
        _output.Send(message, new(default, group, IpProtocol.Icmpv6, 255), group.MulticastHardware);
    }

    private void SetState(Entry entry, Ipv6AddressState state)
    {
        if (entry.State == state)
            return;
        entry.State = state;
        _changed = true;
    }

    private void Plan(TimeSpan now)
    {
        TimeSpan next = TimeSpan.MaxValue;
        foreach (Entry entry in _entries)
        {
            TimeSpan due = entry.State switch
            {
                Ipv6AddressState.Tentative => Min(entry.NextProbe, entry.ValidUntil),
                Ipv6AddressState.Preferred => Min(entry.PreferredUntil, entry.ValidUntil),
                _ => entry.ValidUntil,
            };
            next = Min(next, due > now ? due : now);
        }

        NextDeadline = next;
    }

    private double Fraction()
    {
        Span<byte> drawn = stackalloc byte[4];
        _randomness.Fill(drawn);
        return BinaryPrimitives.ReadUInt32LittleEndian(drawn) / (double)uint.MaxValue;
    }

    private static TimeSpan Seconds(uint seconds) => seconds == uint.MaxValue ? TimeSpan.MaxValue : TimeSpan.FromSeconds(seconds);

    private static TimeSpan Until(TimeSpan now, TimeSpan lifetime) => lifetime == TimeSpan.MaxValue ? lifetime : now + lifetime;

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private sealed class Entry
    {
        public Ipv6Address Address { get; set; }

        public int PrefixLength { get; init; }

        public bool IsOpaque { get; init; }

        public bool IsAutonomous { get; init; }

        public Ipv6AddressState State { get; set; }

        public TimeSpan ValidUntil { get; set; } = TimeSpan.MaxValue;

        public TimeSpan PreferredUntil { get; set; } = TimeSpan.MaxValue;

        public int ProbesLeft { get; set; }

        public TimeSpan NextProbe { get; set; }

        public int Collisions { get; set; }
    }
}
