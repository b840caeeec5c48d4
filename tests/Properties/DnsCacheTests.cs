// RFC 1035 7.4 and RFC 2308: for as long as an answer says, and no longer than we say.
using Troupe.Net.Contracts;
using Troupe.Net.Dns;
using Troupe.Net.Wire;

namespace Troupe.Properties.Tests;

public sealed class DnsCacheTests
{
    private static readonly DnsConfiguration _configuration = new() { CacheEntries = 4, LongestLifetime = TimeSpan.FromSeconds(100), LongestNegativeLifetime = TimeSpan.FromSeconds(20) };
    private static readonly Gen<int> _names = Gen.Int[0, 6];

    [Fact]
    public void ItKnowsWhatATableOfAllAnswersKnows() => Gen.Const(0).Select(static _ => (new Actual(), new Table())).SampleModelBased(
        Gen.Select(_names, Gen.OneOf(0u, 1u, 10u, 30u, 200u, uint.MaxValue), Gen.OneOf(DnsStatus.Found, DnsStatus.NoSuchName, DnsStatus.NoAddress, DnsStatus.TryAgain))
            .Operation<Actual, Table>(static (cache, answer) => cache.Add(answer), static (table, answer) => table.Add(answer)),
        Gen.Int[0, 40].Operation<Actual, Table>(static (cache, seconds) => cache.Pass(seconds), static (table, seconds) => table.Pass(seconds)),
        _names.Operation<Actual, Table>(static (cache, name) => cache.Find(name), static (table, name) => table.Find(name)),
        equal: static (cache, table) => cache.Last == table.Last && cache.Cache.Count <= _configuration.CacheEntries,
        iter: 2_000);

    private sealed class Actual
    {
        private TimeSpan _now;

        public DnsCache Cache { get; } = new(_configuration);

        public DnsStatus? Last { get; private set; }

        // No two at the same time: which of those that end together goes first is nobody's promise.
        public void Add((int Name, uint Seconds, DnsStatus Status) answer)
        {
            _now += TimeSpan.FromMilliseconds(1);
            Cache.Add(new($"name{answer.Name}", DnsType.A, DnsResult.Without(answer.Status, $"name{answer.Name}"), answer.Seconds), _now);
        }

        public void Pass(int seconds) => _now += TimeSpan.FromSeconds(seconds);

        public void Find(int name)
        {
            Assert.Null(Cache.Find($"name{name}", DnsType.Aaaa, _now));
            Last = Cache.Find($"name{name}", DnsType.A, _now)?.Status;
        }
    }

    // When it is full, what would have been forgotten first goes. Times are in milliseconds.
    private sealed class Table
    {
        private readonly List<(int Name, DnsStatus Status, long Until)> _entries = [];
        private long _now;

        public DnsStatus? Last { get; private set; }

        public void Add((int Name, uint Seconds, DnsStatus Status) answer)
        {
            _now++;
            if (answer.Status == DnsStatus.TryAgain || answer.Seconds == 0)
                return;
            long until = _now + (1000 * Math.Min(answer.Seconds, answer.Status == DnsStatus.Found ? 100L : 20L));
            int known = _entries.FindIndex(entry => entry.Name == answer.Name);
            if (known >= 0)
            {
                _entries[known] = (answer.Name, answer.Status, until);
                return;
            }

            if (_entries.Count == _configuration.CacheEntries)
                _entries.Remove(_entries.MinBy(static entry => entry.Until));
            _entries.Add((answer.Name, answer.Status, until));
        }

        public void Pass(int seconds) => _now += 1000 * seconds;

        public void Find(int name)
        {
            int known = _entries.FindIndex(entry => entry.Name == name);
            Last = known >= 0 && _now < _entries[known].Until ? _entries[known].Status : null;
            if (known >= 0 && Last is null)
                _entries.RemoveAt(known);
        }
    }
}
