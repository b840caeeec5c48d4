using System.Text.RegularExpressions;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Tools.Workspace;

namespace Troupe.Documentation.Tests;

/// <summary>The graphs in the pages are those of the contracts. <c>TROUPE_WRITE_DOCS=1</c> writes them anew, between two comments.</summary>
public sealed class ContractGraphTests
{
    [Fact]
    public void TheDriversPageShowsTheContractOfANetworkDevice() => Check("drivers.md", "network-device-contract", NetworkDeviceContract.Instance.ToMermaid());

    [Fact]
    public void TheDriversPageShowsTheContractOfAConsolePort() => Check("drivers.md", "console-port-contract", ConsolePortContract.Instance.ToMermaid());

    [Fact]
    public void TheStoragePageShowsTheContractOfABlockDevice() => Check("storage.md", "block-device-contract", BlockDeviceContract.Instance.ToMermaid());

    [Fact]
    public void TheNetPageShowsTheContractOfTheStreams() => Check("net.md", "tcp-stream-contract", TcpStreamContract.Instance.ToMermaid());

    private static void Check(string page, string mark, string graph)
    {
        string path = Path.Combine(Repository.Locate().Root, "docs", page);
        string document = File.ReadAllText(path);
        string section = $"<!-- {mark} -->\n```mermaid\n{graph.ReplaceLineEndings("\n").Trim()}\n```\n<!-- end -->";
        if (Environment.GetEnvironmentVariable("TROUPE_WRITE_DOCS") == "1")
        {
            document = Regex.Replace(document, $"(?s)<!-- {mark} -->\n.*?<!-- end -->", section.Replace("$", "$$", StringComparison.Ordinal));
            File.WriteAllText(path, document);
        }

        Assert.Contains(section, document, StringComparison.Ordinal);
    }
}
