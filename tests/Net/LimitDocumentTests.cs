using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tests;

/// <summary>The table of limits in docs/net.md is that of the code: every number of a configuration stands in it, with its default.</summary>
public sealed partial class LimitDocumentTests
{
    private static readonly object[] _configurations =
        [new TcpConfiguration(), new EthernetConfiguration(), new InternetConfiguration(), new Ipv6Configuration(), new DnsConfiguration()];

    [Fact]
    public void TheTableOfLimitsIsTheCodes()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Actors.sln")))
            directory = Path.GetDirectoryName(directory)!;
        SortedDictionary<string, long> documented = new(StringComparer.Ordinal);
        foreach (Match row in Row().Matches(File.ReadAllText(Path.Combine(directory, "docs/net.md"))))
            documented.Add(row.Groups["option"].Value, long.Parse(row.Groups["value"].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture));
        SortedDictionary<string, long> real = new(StringComparer.Ordinal);
        foreach (object configuration in _configurations)
        {
            foreach (PropertyInfo property in configuration.GetType().GetProperties().Where(property => property.PropertyType == typeof(int) || property.PropertyType == typeof(long)))
                real.Add($"{configuration.GetType().Name}.{property.Name}", Convert.ToInt64(property.GetValue(configuration), CultureInfo.InvariantCulture));
        }

        Assert.Equal(real, documented);
    }

    [GeneratedRegex(@"^\|[^|]*\| `(?<option>\w+Configuration\.\w+)` \| (?<value>[0-9,]+) \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
