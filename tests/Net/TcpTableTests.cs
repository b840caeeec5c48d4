using Microsoft.Extensions.Time.Testing;
using Troupe.Net.Contracts;
using Troupe.Net.Tcp;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

public sealed class TcpTableTests
{
    private static readonly TcpTimeWait Old = new(new(500), new(1000), 100);

    // RFC 9293 3.6.1, RFC 6191, RFC 1337.
    [Theory]
    [InlineData(TcpFlags.Syn, 1001u, TimeWaitAnswer.Reopen)]
    [InlineData(TcpFlags.Syn, 999u, TimeWaitAnswer.Acknowledge)]
    [InlineData(TcpFlags.Fin | TcpFlags.Ack, 999u, TimeWaitAnswer.Acknowledge)]
    [InlineData(TcpFlags.Rst, 1000u, TimeWaitAnswer.Ignore)]
    public void TimeWaitAnswersOldSegmentsAndLetsNewConnectionsIn(TcpFlags flags, uint sequence, TimeWaitAnswer expected)
    {
        TimeWaitTable table = new(10, TimeSpan.FromSeconds(60));
        table.Add(TcpHarness.Key, Old, TimeSpan.Zero);
        Assert.Equal(expected, table.Judge(TcpHarness.Key, TcpHarness.Header(flags, sequence, 500), TimeSpan.Zero, out _));
    }

    [Fact]
    public void TimeWaitEndsAfterItsTimeAndAnewAfterAFin()
    {
        TimeWaitTable table = new(10, TimeSpan.FromSeconds(60));
        table.Add(TcpHarness.Key, Old, TimeSpan.Zero);
        table.Judge(TcpHarness.Key, TcpHarness.Header(TcpFlags.Fin | TcpFlags.Ack, 999, 500), TimeSpan.FromSeconds(30), out _);
        table.Expire(TimeSpan.FromSeconds(60));
        Assert.Equal(1, table.Count);
        table.Expire(TimeSpan.FromSeconds(90));
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void TimeWaitIsBounded()
    {
        TimeWaitTable table = new(10, TimeSpan.FromSeconds(60));
        for (ushort port = 1; port <= 100; port++)
            table.Add(TcpHarness.Key with { Remote = new(TwoStacks.SecondAddress, port) }, Old, TimeSpan.Zero);
        Assert.Equal(10, table.Count);
    }

    // The reference implementation's vector for the octets 00 to 0f under the key 00 to 0f.
    [Fact]
    public void SipHashGivesTheReferenceValue() => Assert.Equal(
        0x3f2acc7f57c29bdbUL,
        InitialSequenceNumbers.SipHash(0x0706050403020100, 0x0f0e0d0c0b0a0908, 0x0706050403020100, 0x0f0e0d0c0b0a0908));

    // RFC 6528 3.
    [Fact]
    public void InitialSequenceNumbersRiseWithTimeAndDifferByConnection()
    {
        FakeTimeProvider time = new();
        InitialSequenceNumbers numbers = new(new SeededRandomness(1), time);
        SequenceNumber first = numbers.For(TcpHarness.Key);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(250, numbers.For(TcpHarness.Key) - first);
        Assert.NotEqual(numbers.For(TcpHarness.Key), numbers.For(TcpHarness.Key with { Local = new(TwoStacks.FirstAddress, 81) }));
    }

    [Fact]
    public void TheDocumentShowsTheStateMachineAsItIs()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Actors.sln")))
            root = Path.GetDirectoryName(root)!;
        string path = Path.Combine(root, "docs", "net.md");
        string document = File.ReadAllText(path);
        string tcp = Section(TcpStateMachine.Current.ToMermaid());
        string dhcp = Section(new Udp.DhcpClient(default, new SeededRandomness(1), new DhcpTests.Owner()).ToMermaid());
        string dhcpv6 = Section(new Udp.Dhcpv6Client(default, new SeededRandomness(1), new Dhcpv6Tests.Owner()).ToMermaid());
        string neighbor = Section(Ip.NeighborStateMachine.Current.ToMermaid());
        if (Environment.GetEnvironmentVariable("TROUPE_WRITE_DOCS") == "1")
        {
            document = System.Text.RegularExpressions.Regex.Replace(document, "(?s)(<!-- tcp -->\n).*?(<!-- end -->)", m => m.Groups[1].Value + tcp + m.Groups[2].Value);
            document = System.Text.RegularExpressions.Regex.Replace(document, "(?s)(<!-- dhcp -->\n).*?(<!-- end -->)", m => m.Groups[1].Value + dhcp + m.Groups[2].Value);
            document = System.Text.RegularExpressions.Regex.Replace(document, "(?s)(<!-- dhcpv6 -->\n).*?(<!-- end -->)", m => m.Groups[1].Value + dhcpv6 + m.Groups[2].Value);
            document = System.Text.RegularExpressions.Regex.Replace(document, "(?s)(<!-- neighbor -->\n).*?(<!-- end -->)", m => m.Groups[1].Value + neighbor + m.Groups[2].Value);
            File.WriteAllText(path, document);
        }

        Assert.Contains(tcp, document, StringComparison.Ordinal);
        Assert.Contains(dhcp, document, StringComparison.Ordinal);
        Assert.Contains(dhcpv6, document, StringComparison.Ordinal);
        Assert.Contains(neighbor, document, StringComparison.Ordinal);

        static string Section(string graph) => $"```mermaid\n{graph.ReplaceLineEndings("\n").Trim()}\n```\n";
    }
}
