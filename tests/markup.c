/* SPDX-License-Identifier: Apache-2.0 */
/*
 * markup.c - see markup.h
 */
#include "markup.h"

#include "support.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { DEEPEST = 32, NAME_MOST = 32 };

struct parser {
    const char *at;
    char open[DEEPEST][NAME_MOST];
    int depth;
};

static bool refuse(const struct parser *parser, const char *why)
{
    return complain("%s: %.60s", why, parser->at);
}

static bool read_name(struct parser *parser, char name[NAME_MOST])
{
    size_t length = 0;
    while (isalnum((unsigned char)parser->at[length]) ||
           (length > 0 && strchr("-:", parser->at[length]) != NULL &&
            parser->at[length] != '\0'))
        length++;
    if (length == 0 || length >= NAME_MOST)
        return refuse(parser, "no name");
    snprintf(name, NAME_MOST, "%.*s", (int)length, parser->at);
    parser->at += length;
    return true;
}

/* One character of text or of a value, or an entity. */
static bool read_character(struct parser *parser)
{
    const unsigned char c = (unsigned char)*parser->at;
    if (c == '&') {
        const size_t length = strcspn(parser->at, "; \n<");
        if (length < 2 || length > 10 || parser->at[length] != ';')
            return refuse(parser, "a bare &");
        parser->at += length;
    } else if (c == '<' || (c < ' ' && c != '\n' && c != '\t')) {
        return refuse(parser, "a character that must not be there");
    }
    parser->at++;
    return true;
}

static bool read_attributes(struct parser *parser)
{
    char name[NAME_MOST];
    while (*parser->at == ' ') {
        parser->at++;
        if (!read_name(parser, name))
            return false;
        if (strncmp(parser->at, "=\"", 2) != 0)
            return refuse(parser, "no quoted value");
        for (parser->at += 2; *parser->at != '"';) {
            if (!read_character(parser))
                return false;
        }
        parser->at++;
    }
    return true;
}

static bool read_tag(struct parser *parser)
{
    char name[NAME_MOST];
    const bool closes = *++parser->at == '/';
    parser->at += closes;
    if (!read_name(parser, name))
        return false;
    if (closes) {
        if (parser->depth == 0 || strcmp(parser->open[parser->depth - 1], name) != 0)
            return refuse(parser, "closes what is not open");
        parser->depth--;
    } else {
        if (!read_attributes(parser))
            return false;
        if (*parser->at == '/') {
            parser->at++;
        } else {
            if (parser->depth == DEEPEST)
                return refuse(parser, "too deep");
            strcpy(parser->open[parser->depth++], name);
        }
    }
    if (*parser->at != '>')
        return refuse(parser, "no >");
    parser->at++;
    return true;
}

bool markup_is_well_formed(const char *text)
{
    static const char doctype[] = "<!DOCTYPE html>\n";
    struct parser parser = {.at = text};
    if (strncmp(text, doctype, sizeof doctype - 1) == 0)
        parser.at += sizeof doctype - 1;
    while (*parser.at != '\0') {
        if (*parser.at == '<' ? !read_tag(&parser) : !read_character(&parser))
            return false;
        if (parser.depth == 0 && *parser.at != '\0' && strcmp(parser.at, "\n") != 0)
            return refuse(&parser, "more than one root");
        if (parser.depth == 0)
            break;
    }
    return parser.depth == 0 || complain("<%s> is not closed", parser.open[parser.depth - 1]);
}

size_t markup_count(const char *text, const char *what)
{
    size_t count = 0;
    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        count++;
    return count;
}

bool markup_links_lead_somewhere(const char *text)
{
    static const char id[] = " id=\"", link[] = "href=\"#";
    char target[NAME_MOST + 8];
    for (const char *at = text; (at = strstr(at, id)) != NULL; at++) {
        snprintf(target, sizeof target, "%.*s\"", (int)strcspn(at + sizeof id - 1, "\"") +
                 (int)sizeof id - 1, at);
        if (markup_count(text, target) != 1)
            return complain("not once:%s", target);
    }
    for (const char *at = text; (at = strstr(at, link)) != NULL; at++) {
        const char *name = at + sizeof link - 1;
        snprintf(target, sizeof target, "%s%.*s\"", id, (int)strcspn(name, "\""), name);
        if (markup_count(text, target) != 1)
            return complain("leads nowhere:%s", target);
    }
    return true;
}
