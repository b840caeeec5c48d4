// RFC 1034 5.3: the resolver of a host: a cache, a search list, and questions to servers that recurse.
using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Dns;

/// <summary>
/// Finds the addresses of names. It waits for nobody; each question to servers is an actor of its own, and requests for the
/// same name share it.
/// </summary>
public sealed class DnsResolverActor(DnsSurroundings around, NameServers nameServers, InternetLayers internet)
    : Actor<DnsMessage>, IStateful<DnsResolverState>
{
    private readonly DnsCache _cache = new(around.Configuration);
    private readonly Dictionary<(string Name, DnsType Type), List<Lookup>> _questions = [];
    private int _requests;

    /// <inheritdoc/>
    public DnsResolverState ExportState() =>
        new(_cache.Export(), [.. _questions.Values.SelectMany(static waiting => waiting).Distinct().Select(static lookup => lookup.Export())]);

    /// <inheritdoc/>
    public void ImportState(DnsResolverState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _cache.Import(state.Cache);
        foreach (DnsLookupState known in state.Lookups)
        {
            Lookup lookup = new(known);
            _requests++;
            // For what it lacks of its candidate a question is out, whose actor answers to this one as it would have to its predecessor.
            foreach (DnsType type in lookup.Types.Where(type => !lookup.Has(type)))
            {
                if (!_questions.TryGetValue((lookup.Candidate, type), out List<Lookup>? waiting))
                    _questions.Add((lookup.Candidate, type), waiting = []);
                waiting.Add(lookup);
            }
        }
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(DnsMessage message)
    {
        if (message.Request is { } request)
            Begin(request);
        else if (message.Finding is { } finding)
            Take(finding);
        return default;
    }

    private TimeSpan Now => Context.Time.GetElapsedTime(0);

    private void Begin(DnsRequest request)
    {
        if (IpAddress.TryParse(request.Name, out IpAddress literal))
        {
            bool wanted = (request.Families & (literal.IsIpv4 ? DnsFamilies.Ipv4 : DnsFamilies.Ipv6)) != 0;
            request.Reply.Set(wanted ? new(DnsStatus.Found, [literal], request.Name) : DnsResult.Without(DnsStatus.NoAddress, request.Name));
            return;
        }

        if (DnsName.Normalize(request.Name) is not { } name || request.Families == DnsFamilies.None)
        {
            request.Reply.Set(DnsResult.Without(DnsStatus.BadName, request.Name));
            return;
        }

        // RFC 6761 6.3: nobody is asked for this host.
        if (name == "localhost" || name.EndsWith(".localhost", StringComparison.Ordinal))
        {
            ImmutableArray<IpAddress> loopback = [Ipv6Address.Loopback, Ipv4Address.From(127, 0, 0, 1)];
            request.Reply.Set(new(DnsStatus.Found, [.. loopback.Where(own => Wants(request.Families, own))], name));
            return;
        }

        if (_requests >= around.Configuration.Requests)
        {
            around.Counters.Drop(DropCause.TableFull);
            request.Reply.Set(DnsResult.Without(DnsStatus.TryAgain, name));
            return;
        }

        _requests++;
        Lookup lookup = new(request, Candidates(name, request.Name.EndsWith('.')));
        Step(lookup);
    }

    // RFC 1123 6.1.4.3: a name with dots is tried as it is first, one without last; one with a dot at its end as it is only.
    private List<string> Candidates(string name, bool absolute)
    {
        List<string> candidates = [];
        bool asItIsFirst = absolute || name.Count('.') >= around.Configuration.Dots;
        if (asItIsFirst)
            candidates.Add(name);
        if (absolute)
            return candidates;
        foreach (string domain in nameServers.SearchDomains.Take(around.Configuration.SearchDomains))
        {
            if (DnsName.Normalize($"{name}.{domain}") is { } longer)
                candidates.Add(longer);
        }

        if (!asItIsFirst)
            candidates.Add(name);
        return candidates;
    }

    // Asks for what the lookup still lacks of its candidate.
    private void Step(Lookup lookup)
    {
        while (true)
        {
            string name = lookup.Candidate;
            foreach (DnsType type in lookup.Types)
            {
                if (lookup.Has(type))
                    continue;
                if (_cache.Find(name, type, Now) is { } known)
                    lookup.Take(type, known);
                else if (!TryAsk(name, type, lookup))
                    lookup.Take(type, DnsResult.Without(DnsStatus.TryAgain, name));
            }

            if (!lookup.IsComplete)
                return;
            if (lookup.TryFinish(out DnsResult? result))
            {
                _requests--;
                lookup.Request.Reply.Set(result with { Addresses = Order(result.Addresses) });
                return;
            }
        }
    }

    private bool TryAsk(string name, DnsType type, Lookup lookup)
    {
        if (_questions.TryGetValue((name, type), out List<Lookup>? waiting))
        {
            waiting.Add(lookup);
            return true;
        }

        ImmutableArray<DnsServer> servers = [.. nameServers.Servers.Where(CanAsk).Take(around.Configuration.Servers)];
        if (servers.IsEmpty || _questions.Count >= around.Configuration.Questions)
        {
            around.Counters.Drop(servers.IsEmpty ? DropCause.Unroutable : DropCause.TableFull);
            return false;
        }

        _questions.Add((name, type), [lookup]);
        Context.Spawn(
            new DnsQuestionActor(around, name, type, servers, Context.Self),
            new SpawnOptions { Mailbox = new MailboxOptions { Capacity = 16 }, WaitsFor = [around.Udp, around.Tcp, Context.Self] });
        return true;
    }

    private bool CanAsk(DnsServer server) => internet.TrySelectSource(server.Address, server.Interface, out _);

    private void Take(DnsFinding finding)
    {
        _cache.Add(finding, Now);
        if (!_questions.Remove((finding.Name, finding.Type), out List<Lookup>? waiting))
            return;
        foreach (Lookup lookup in waiting)
        {
            lookup.Take(finding.Type, finding.Result);
            if (lookup.IsComplete)
                Step(lookup);
        }
    }

    // RFC 6724 6, rules 1, 2, 5 and 6: first what we can talk to, from an address of the same scope and label, and then by precedence.
    private ImmutableArray<IpAddress> Order(ImmutableArray<IpAddress> found) => [.. found.OrderBy(Mismatch).ThenByDescending(static address => AddressPolicy.Of(address).Precedence)];

    private int Mismatch(IpAddress destination)
    {
        if (!internet.TrySelectSource(destination, 0, out IpAddress source))
            return 3;
        if (source.IsLinkLocal != destination.IsLinkLocal)
            return 2;
        return AddressPolicy.Of(source).Label == AddressPolicy.Of(destination).Label ? 0 : 1;
    }

    private static bool Wants(DnsFamilies families, IpAddress address) => (families & (address.IsIpv4 ? DnsFamilies.Ipv4 : DnsFamilies.Ipv6)) != 0;

    private sealed class Lookup(DnsRequest request, List<string> candidates)
    {
        private int _candidate;
        private DnsResult? _a;
        private DnsResult? _aaaa;
        private DnsResult? _best;

        public Lookup(DnsLookupState state)
            : this(state.Request, [.. state.Candidates]) => (_candidate, _a, _aaaa, _best) = (state.Candidate, state.A, state.Aaaa, state.Best);

        public DnsRequest Request { get; } = request;

        public string Candidate => candidates[_candidate];

        public IEnumerable<DnsType> Types
        {
            get
            {
                if ((Request.Families & DnsFamilies.Ipv6) != 0)
                    yield return DnsType.Aaaa;
                if ((Request.Families & DnsFamilies.Ipv4) != 0)
                    yield return DnsType.A;
            }
        }

        public DnsLookupState Export() => new(Request, [.. candidates], _candidate, _a, _aaaa, _best);

        public bool IsComplete => Types.All(Has);

        public bool Has(DnsType type) => (type == DnsType.A ? _a : _aaaa) is not null;

        public void Take(DnsType type, DnsResult result)
        {
            if (type == DnsType.A)
                _a = result;
            else
                _aaaa = result;
        }

        // False when the next candidate is to be tried.
        public bool TryFinish([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out DnsResult? result)
        {
            DnsResult[] found = [.. new[] { _aaaa, _a }.OfType<DnsResult>()];
            result = found.FirstOrDefault(static part => part.Status == DnsStatus.Found) is { } first
                ? first with { Addresses = [.. found.SelectMany(static part => part.Addresses)] }
                : found.FirstOrDefault(static part => part.Status == DnsStatus.TryAgain);
            if (result is not null)
                return true;
            // That a name exists says more than that another does not.
            DnsResult empty = found.FirstOrDefault(static part => part.Status == DnsStatus.NoAddress) ?? found[0];
            if (_best is null || (_best.Status == DnsStatus.NoSuchName && empty.Status == DnsStatus.NoAddress))
                _best = empty;
            if (_candidate + 1 == candidates.Count)
            {
                result = _best;
                return true;
            }

            _candidate++;
            _a = _aaaa = null;
            return false;
        }
    }
}
