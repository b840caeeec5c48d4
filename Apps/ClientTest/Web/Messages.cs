using System.Text.Json.Serialization;

namespace Troupe.Apps.ClientTest.Web;

/// <summary>What is asked of <c>POST /order</c>.</summary>
internal sealed record Order(string Customer, IReadOnlyList<OrderLine> Lines);

/// <summary>A line of an <see cref="Order"/>.</summary>
internal sealed record OrderLine(string Article, int Count, decimal Price);

/// <summary>What it answers.</summary>
internal sealed record Bill(string Customer, int Articles, decimal Total);

/// <summary>How a request came.</summary>
internal sealed record Way(string Protocol, string? Tls, string Method, string Path);

/// <summary>The serializers of this application, made when it is compiled.</summary>
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(Bill))]
[JsonSerializable(typeof(Way))]
internal sealed partial class MessageContext : JsonSerializerContext;
