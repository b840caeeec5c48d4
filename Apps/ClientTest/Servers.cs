using System.Globalization;

namespace Troupe.Apps.ClientTest;

/// <summary>Where the servers are: <c>host=ADDRESS</c> and <c>NAME=PORT</c> of the command line.</summary>
internal sealed class Servers(string[] words)
{
    private readonly Dictionary<string, string> _values = words
        .Select(static word => word.Split('=', 2))
        .Where(static parts => parts.Length == 2)
        .ToDictionary(static parts => parts[0], static parts => parts[1]);

    /// <summary>The address of all of them.</summary>
    public string Host => Value("host");

    /// <summary>The port of one.</summary>
    public int Port(string name) => int.Parse(Value(name), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>The port of one, or what it is unless the command line says otherwise.</summary>
    public int Port(string name, int otherwise) => _values.ContainsKey(name) ? Port(name) : otherwise;

    /// <summary>The port of a web server, as an address.</summary>
    public Uri Address(string scheme, string name, string path) => new($"{scheme}://{Host}:{Port(name)}{path}");

    private string Value(string name) => _values.TryGetValue(name, out string? value) ? value : throw new ArgumentException($"The command line lacks {name}=.");
}
